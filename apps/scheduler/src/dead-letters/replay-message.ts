import { topicNames } from '#contracts';
import type { OutgoingMessage } from '#kafka';
import type { DeadLetterMessage } from '#persistence';

/** A page that holds this one record, at the place where it stood. */
function pageOf(record: Buffer, recordsAt: string): Buffer {
  const path = recordsAt.split('.');
  return Buffer.concat([Buffer.from(`${path.map((name) => `{${JSON.stringify(name)}:`).join('')}[`), record, Buffer.from(`]${'}'.repeat(path.length)}`)]);
}

/**
 * Where a letter's message goes to be tried again, with the bytes and headers that it had. What the normaliser refused goes the way of a
 * replay, so that it isn't retained twice: of a page only the record that failed. Everything else goes back to its topic.
 */
export function replayMessage({ id, service, connector, topic, recordIndex, key, value, headers, askedAt }: DeadLetterMessage, prefix: string): { readonly topic: string; readonly message: OutgoingMessage } {
  const original: Record<string, Buffer> = Object.fromEntries(Object.entries(headers).map(([name, base64]) => [name, Buffer.from(base64, 'base64')]));
  original['ce_replayof'] = Buffer.from(id);
  if (service !== 'normalizer' || connector === null) return { topic, message: { key, value, headers: original } };
  original['ce_replay'] = Buffer.from(String(askedAt.getTime()));
  const recordsAt = original['ce_recordsat']?.toString() ?? '';
  const bytes = value !== null && recordIndex !== null && recordsAt !== '' ? pageOf(value, recordsAt) : value;
  return { topic: topicNames.replay(prefix, connector), message: { key, value: bytes, headers: original } };
}
