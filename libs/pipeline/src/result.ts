/** What a step makes of a record. Broken infrastructure is not a result: it is thrown, ends the process and is replayed. */
export type Result<T> = Ok<T> | Drop | DeadLetterResult;

export interface Ok<T> { readonly outcome: 'ok'; readonly value: T }
/** Left out on purpose; counted by reason. */
export interface Drop { readonly outcome: 'drop'; readonly reason: string }
/** Bad data: kept with its bytes and this reason (a stable word) and message (which holds no value of the record). */
export interface DeadLetterResult { readonly outcome: 'dead-letter'; readonly reason: string; readonly message: string }

export const ok = <T>(value: T): Ok<T> => ({ outcome: 'ok', value });
export const drop = (reason: string): Drop => ({ outcome: 'drop', reason });
export const deadLetter = (reason: string, message: string): DeadLetterResult => ({ outcome: 'dead-letter', reason, message });

/** Steps one after the other; the first result that isn't `ok` ends the chain. */
export interface Pipeline<In, Out> {
  pipe<Next>(step: (value: Out) => Result<Next>): Pipeline<In, Next>;
  run(value: In): Result<Out>;
}

export function pipeline<In>(): Pipeline<In, In> {
  return chain((value) => ok(value));
}

function chain<In, Out>(run: (value: In) => Result<Out>): Pipeline<In, Out> {
  return {
    run,
    pipe: <Next>(step: (value: Out) => Result<Next>) => chain<In, Next>((value) => {
      const result = run(value);
      return result.outcome === 'ok' ? step(result.value) : result;
    }),
  };
}
