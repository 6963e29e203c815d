/** Turns the services' JSON lines into lines for a person: time, service, message, fields. */

const COLOURS = [36, 32, 33, 35, 34, 96, 92, 95] as const;
const LEVELS: Readonly<Record<string, number>> = { debug: 2, warn: 33, error: 31, fatal: 31 };
const LEFT_OUT = new Set(['level', 'time', 'app', 'msg', 'pid', 'hostname', 'v']);
const WIDTH = 16;
const MAX_VALUE = 300;

export interface LineFormat {
  readonly colour: boolean;
}

const paint = (code: number, text: string, { colour }: LineFormat): string => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);

const colours = new Map<string, number>();

/** Each service in a colour of its own. */
function prefix(name: string, format: LineFormat): string {
  if (!colours.has(name)) colours.set(name, COLOURS[colours.size % COLOURS.length] ?? 36);
  return paint(colours.get(name) ?? 36, name.padEnd(WIDTH), format);
}

function field(value: unknown): string {
  const text = typeof value === 'string' ? (/^[^\s="]+$/.test(value) ? value : JSON.stringify(value)) : JSON.stringify(value) ?? '';
  return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}…` : text;
}

const clock = (time: unknown): string => {
  const date = new Date(typeof time === 'string' || typeof time === 'number' ? time : Date.now());
  const valid = Number.isNaN(date.getTime()) ? new Date() : date;
  return valid.toTimeString().slice(0, 8);
};

/** A partner's words may hold escape sequences: none of them reaches the terminal. */
const plain = (text: string): string => text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '');

/** One line of a service for the terminal. What isn't a JSON log line is shown as it is, without control characters. */
export function formatLine(name: string, line: string, format: LineFormat): string {
  let entry: Record<string, unknown> | undefined;
  if (line.startsWith('{')) try { entry = JSON.parse(line) as Record<string, unknown>; } catch { /* not a log line of ours */ }
  if (typeof entry?.['msg'] !== 'string') return `${clock(undefined)} ${prefix(name, format)} ${plain(line)}`;
  const level = typeof entry['level'] === 'string' ? entry['level'] : 'info';
  const mark = level === 'info' ? '' : `${paint(LEVELS[level] ?? 31, plain(level.toUpperCase()), format)} `;
  const fields = Object.entries(entry).filter(([key]) => !LEFT_OUT.has(key)).map(([key, value]) => ` ${paint(2, `${plain(key)}=`, format)}${plain(field(value))}`);
  return `${clock(entry['time'])} ${prefix(name, format)} ${mark}${plain(entry['msg'])}${fields.join('')}`;
}
