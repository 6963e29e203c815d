import { readDeadLetter, type WireHeaders } from '#contracts';
import type { Batch, BatchControl, IncomingMessage } from '#kafka';
import type { DeadLetterRepository, NewDeadLetter } from '#persistence';

const ORIGINAL = 'original_';

/** Of a letter the headers that its message had, in base64, by their names. */
function originalHeaders(headers: WireHeaders): Record<string, string> {
  const original: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith(ORIGINAL) && value !== undefined && !Array.isArray(value)) original[name.slice(ORIGINAL.length)] = Buffer.from(value).toString('base64');
  }
  return original;
}

/** @throws Error when the headers aren't those of a dead letter */
export function toLetter({ headers, key, value, offset }: IncomingMessage): NewDeadLetter {
  const { letter, at } = readDeadLetter(headers);
  const original = originalHeaders(headers);
  const replayOf = original['ce_replayof'];
  return { letter, at, key, value, headers: original, offset, ...(replayOf !== undefined && { replayOf: Buffer.from(replayOf, 'base64').toString() }) };
}

/** One batch of a dead-letter topic into the index, with the position; what is in it already is passed over. */
export async function indexLetters(
  { topic, partition, messages, resolve }: Batch, control: Pick<BatchControl, 'commitHint'>, index: Pick<DeadLetterRepository, 'keep'>, unreadable: (message: IncomingMessage, error: Error) => void,
): Promise<void> {
  const letters: NewDeadLetter[] = [];
  for (const message of messages) {
    try { letters.push(toLetter(message)); } catch (error) { unreadable(message, error as Error); }
  }
  const next = (BigInt(messages.at(-1)?.offset ?? '-1') + 1n).toString();
  await index.keep(topic, partition, letters, next);
  resolve(next);
  await control.commitHint(topic, partition, next);
}
