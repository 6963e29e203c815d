import { Server, type CustomTransportStrategy } from '@nestjs/microservices';
import type { Kafka } from 'kafkajs';
import { firstValueFrom, isObservable } from 'rxjs';
import { BatchConsumer } from './batch-consumer.js';
import type { IncomingMessage } from './message.js';

/** Which topics an `@EventPattern(pattern)` handler hears, and how their bytes become its payload. */
export interface ControlRoute {
  readonly pattern: string;
  readonly topics: readonly string[];
  /** @throws Error for a message that can't be read: it goes to `reject`. */
  readonly decode: (message: IncomingMessage) => unknown;
}

export interface ControlTransportOptions {
  readonly groupId: string;
  readonly routes: readonly ControlRoute[];
  /** Where a message goes that `decode` refuses; it must be durable when the promise resolves. */
  readonly reject: (message: IncomingMessage, error: Error) => Promise<void>;
  readonly onTick?: () => void;
  readonly onFailure: (error: Error) => void;
  /** False: only what comes from now on. */
  readonly fromBeginning?: boolean;
}

/**
 * Nest's transport for the control plane: `@EventPattern` handlers, one message after the other, the offset committed
 * after the handler is done. Unlike Nest's own Kafka server it keeps big integers, takes patterns that aren't topics, and
 * a handler's error ends the process, so that the message is replayed.
 */
export class ControlTransport extends Server implements CustomTransportStrategy {
  private consumer: BatchConsumer | undefined;

  constructor(private readonly kafka: Kafka, private readonly options: ControlTransportOptions) { super(); }

  listen(callback: (error?: unknown) => void): void {
    const { groupId, routes, onFailure, onTick, fromBeginning } = this.options;
    this.consumer = new BatchConsumer(this.kafka, {
      groupId, onFailure, concurrency: 1,
      topics: routes.flatMap(({ topics }) => topics),
      ...(onTick !== undefined && { onTick }),
      ...(fromBeginning !== undefined && { fromBeginning }),
      onBatch: async (batch, control) => {
        for (const message of batch.messages) {
          if (!batch.isOwned()) return;
          await this.dispatch(message);
          const next = (BigInt(message.offset) + 1n).toString();
          batch.resolve(next);
          await control.commitHint(batch.topic, batch.partition, next);
        }
      },
    });
    this.consumer.start().then(() => callback(), callback);
  }

  private async dispatch(message: IncomingMessage): Promise<void> {
    const route = this.options.routes.find(({ topics }) => topics.includes(message.topic));
    const handler = route === undefined ? null : this.getHandlerByPattern(route.pattern);
    if (route === undefined || handler === null) throw new Error(`no handler for the topic ${message.topic}`);
    let payload: unknown;
    try {
      payload = route.decode(message);
    } catch (error) {
      return this.options.reject(message, error instanceof Error ? error : new Error(String(error)));
    }
    const result: unknown = await handler(payload, message);
    if (isObservable(result)) await firstValueFrom(result, { defaultValue: undefined });
  }

  async close(): Promise<void> { await this.consumer?.stop(); }

  on(): never { throw new Error('the control transport has no events of its own'); }

  unwrap<T>(): T { return this.consumer as T; }
}
