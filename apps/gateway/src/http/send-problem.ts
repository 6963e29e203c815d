import type { FastifyReply } from 'fastify';
import type { ProblemBody } from './problem.js';

/** Answers with problem details (RFC 9457). */
export function sendProblem(reply: FastifyReply, body: ProblemBody): FastifyReply {
  const { retryAfterSeconds, ...rest } = body;
  if (retryAfterSeconds !== undefined) void reply.header('retry-after', String(retryAfterSeconds));
  if (body.status === 401) void reply.header('www-authenticate', 'Bearer realm="cloud-sources"');
  // As bytes: to a string Fastify would add a charset, which this media type doesn't have.
  return reply.status(body.status).header('content-type', 'application/problem+json').send(Buffer.from(JSON.stringify({ type: `urn:cloud-sources:problem:${body.code}`, ...rest })));
}
