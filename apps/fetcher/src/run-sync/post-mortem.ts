import { randomUUID } from 'node:crypto';
import { HungError, InternalError, OutOfMemoryError, needsSupport, type CloudSourcesError, type ErrorReport } from '#contracts';
import { redactor, type Credentials, type Redact } from '#connector-kit';
import type { Trace } from '#persistence';
import type { RunOutcome } from './worker-protocol.js';

const FRAMES = 40;
const CAUSES = 5;

/** What was thrown, with its causes. @param where goes before the message, e.g. the collection */
export function traceOf(thrown: unknown, where?: string): Trace {
  const stack: string[] = [];
  for (let error = thrown, depth = 0; error instanceof Error && depth < CAUSES; error = error.cause, depth += 1) {
    if (depth > 0) stack.push(`caused by ${error.name}: ${error.message}`);
    stack.push(...(error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line)).slice(0, FRAMES).map((line) => line.trim()));
  }
  const [name, message] = thrown instanceof Error ? [thrown.name, thrown.message] : [typeof thrown, String(thrown)];
  return { name, message: where === undefined ? message : `${where}: ${message}`, stack };
}

/** What a run leaves behind for support: errors as they were thrown, without any secret that the run was given. */
export class PostMortem {
  private readonly secrets = new Set<string>();
  private redact: Redact = redactor([]);

  constructor(private readonly memoryMb: number) {}

  /** From now on these are blanked out, beside those before. */
  hide(credentials: Credentials): void {
    for (const value of Object.values(credentials)) this.secrets.add(value);
    this.redact = redactor([...this.secrets]);
  }

  text(text: string): string { return this.redact.text(text); }

  /** The end of a run whose worker was stopped or stopped by itself. */
  killed(error: Error): RunOutcome {
    const supportReference = randomUUID();
    let report: CloudSourcesError;
    if ((error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY') report = new OutOfMemoryError(`The run needed more than ${this.memoryMb} MiB and was killed.`, { supportReference });
    else if (error instanceof HungError) report = new HungError(error.message, { supportReference });
    else report = new InternalError(`An unhandled ${error.name} stopped the run.`, { supportReference });
    return { state: 'killed', error: report.report(), trace: traceOf(error) };
  }

  /** With a reference where support is told of it, and without secrets. */
  complete({ error, trace, ...outcome }: RunOutcome): RunOutcome {
    const report: ErrorReport | undefined = error === undefined || !needsSupport(error) ? error : { supportReference: randomUUID(), ...error };
    return {
      ...outcome, ...(report !== undefined && { error: report }),
      ...(trace !== undefined && { trace: { name: trace.name, message: this.text(trace.message), stack: trace.stack.map((line) => this.text(line)) } }),
    };
  }
}
