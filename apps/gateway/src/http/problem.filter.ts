import { randomUUID } from 'node:crypto';
import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CloudSourcesError, toErrorReport } from '#contracts';
import { Logger, Metrics } from '#platform';
import { sendProblem } from './send-problem.js';
import { Problem, type ProblemBody, type ProblemCode } from './problem.js';

const REFUSALS: Readonly<Record<number, readonly [ProblemCode, string]>> = {
  400: ['validation_failed', 'Correct the request; /api/docs shows what it must look like.'],
  404: ['not_found', 'Check the path; /api/docs lists them.'],
  413: ['payload_too_large', 'Send less in one request.'],
  415: ['unsupported_media_type', 'Send application/json.'],
};

/** Everything thrown becomes problem details. What isn't ours is `internal`, with a reference that is also in the log; its message stays inside. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger, private readonly metrics: Metrics) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const body = this.toBody(thrown, `${request.method} ${request.routeOptions?.url ?? ''}`);
    sendProblem(reply, body);
  }

  private toBody(thrown: unknown, route: string): ProblemBody {
    if (thrown instanceof Problem) return thrown.body;
    // A partner's refusal of what the person entered; nothing is wrong with the service.
    if (thrown instanceof CloudSourcesError && thrown.code !== 'internal') {
      const { code, title, remedy, details, retryAfterMs } = thrown.report();
      return { status: 422, code, title, remedy, ...(details !== undefined && { detail: details }), ...(retryAfterMs !== undefined && { retryAfterSeconds: Math.ceil(retryAfterMs / 1000) }) };
    }
    const status = thrown instanceof HttpException ? thrown.getStatus() : (thrown as { statusCode?: unknown } | null)?.statusCode;
    if (typeof status === 'number' && status >= 400 && status < 500) {
      const [code, remedy] = REFUSALS[status] ?? ['validation_failed', 'Correct the request; /api/docs shows what it must look like.'];
      return { status, code, remedy, title: status === 404 ? 'There is nothing at this path.' : 'The request can\'t be taken.' };
    }
    const supportReference = randomUUID();
    this.metrics.errors.inc({ kind: thrown instanceof Error ? thrown.name : 'unknown', stage: 'http' });
    this.logger.error('A request failed.', { route, supportReference, error: thrown instanceof Error ? thrown.name : typeof thrown, ...(thrown instanceof Error && { message: thrown.message, stack: thrown.stack?.split('\n').slice(1, 8) }) });
    return { status: 500, ...toErrorReport(thrown, supportReference), remedy: 'Try again. If it stays, give the operator the reference below: the gateway\'s log has what happened.' } as ProblemBody;
  }
}
