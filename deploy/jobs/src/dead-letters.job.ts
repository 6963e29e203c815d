import { isUtf8 } from 'node:buffer';
import { parseArgs } from 'node:util';
import { DeadLetterRepository, openDatabase, type DeadLetterRow } from '#persistence';
import type { DeadLettersConfig } from './dead-letters.config.js';

/** Of each record, in the list and alone. */
const BYTES = { listed: 120, alone: 16 * 1024 * 1024 };
const LISTED = 50;

/**
 * `dead-letters [--reason <word>]`: what could not be processed and belongs to no workspace, so that nobody sees it in the console: how
 * much there is, and the newest of it. `--show <id>` has headers and the whole record; `--replay <id>` or `--replay all` sends it back
 * to its topic, `--discard <id>` or `--discard all` settles it; both take `--reason`, too.
 * @throws Error when there is no such letter, or it was settled before
 */
export async function deadLetters(config: Pick<DeadLettersConfig, 'databaseUrl'>, args: readonly string[] = process.argv.slice(2), print: (text: string) => void = (text) => { process.stdout.write(text); }): Promise<void> {
  const { values: { show, replay, discard, reason } } = parseArgs({ args: [...args], options: { show: { type: 'string' }, replay: { type: 'string' }, discard: { type: 'string' }, reason: { type: 'string' } } });
  const database = await openDatabase({ url: config.databaseUrl, applicationName: 'cloud-sources dead-letters', poolSize: 1 });
  const letters = new DeadLetterRepository(database);
  const filter = { ...(reason !== undefined && { reason }) };
  try {
    if (show !== undefined) {
      const letter = await letters.get(null, show, BYTES.alone);
      if (letter === undefined) throw new Error(`There is no dead letter ${show} that belongs to no workspace.`);
      print(whole(letter));
      return;
    }
    for (const [wanted, state, done] of [[replay, 'replayed', 'sent again by the scheduler'], [discard, 'discarded', 'discarded']] as const) {
      if (wanted === undefined) continue;
      const settled = await letters.settle(null, { ...filter, ...(wanted !== 'all' && { id: wanted }) }, state);
      if (settled === 0 && wanted !== 'all') throw new Error(`There is no open dead letter ${wanted} that belongs to no workspace and can be ${state}.`);
      print(`${settled} ${settled === 1 ? 'is' : 'are'} ${done}.\n`);
    }
    if (replay !== undefined || discard !== undefined) return;
    const open = { ...filter, state: 'open' } as const;
    const counts = await letters.counts(null, open);
    if (counts.length === 0) print('Nothing that belongs to no workspace.\n');
    for (const { service, reason: why, open: count } of counts) print(`${String(count).padStart(8)}  ${service}  ${why}\n`);
    for (const letter of await letters.list(null, open, BYTES.listed, LISTED)) print(line(letter));
  } finally {
    await database.destroy();
  }
}

/** What happened to which message, and how it begins. */
const line = (letter: DeadLetterRow): string => `\n${letter.id}  ${letter.at.toISOString()}  ${letter.service}  ${letter.reason}\n  ${letter.message}\n  ${letter.topic}/${letter.partition}, offset ${letter.offset}, ${letter.bytes} bytes${letter.value === null ? '' : `: ${asText(letter.value)}`}\n`;

const whole = (letter: DeadLetterRow): string => `${line({ ...letter, value: null }).trimStart()}${Object.entries(letter.headers).map(([name, base64]) => `  ${asText(Buffer.from(name))}: ${asText(Buffer.from(base64, 'base64'))}\n`).join('')}\n${letter.value === null ? '(no value)' : asText(letter.value)}\n`;

/** As it can be printed on a terminal: what isn't text is in base64. */
function asText(bytes: Buffer): string {
  // A character that was cut at the end is left out.
  for (let less = 0; less < 4 && (less === 0 || less < bytes.length); less += 1) {
    const part = bytes.subarray(0, bytes.length - less);
    if (isUtf8(part)) return part.toString().replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);
  }
  return `base64 ${bytes.toString('base64')}`;
}
