const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** A day of the calendar; months from 1. */
export interface Day { readonly year: number; readonly month: number; readonly day: number }

const formats = new Map<string, Intl.DateTimeFormat>();

function format(timeZone: string): Intl.DateTimeFormat {
  let made = formats.get(timeZone);
  if (made === undefined) {
    made = new Intl.DateTimeFormat('en-US', { timeZone, calendar: 'gregory', hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' });
    formats.set(timeZone, made);
  }
  return made;
}

/** Whether the runtime knows the IANA time zone, e.g. `Europe/Berlin` or `UTC`. Offsets such as `+01:00` are none. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try { format(name); } catch { return false; }
  return true;
}

/** What the clocks of the zone show, as milliseconds as if it were UTC. */
function wallMs(timeZone: string, instant: number): number {
  const parts: Record<string, number> = {};
  for (const { type, value } of format(timeZone).formatToParts(instant)) parts[type] = Number(value);
  return Date.UTC(parts.year ?? 0, (parts.month ?? 1) - 1, parts.day, parts.hour, parts.minute, parts.second);
}

const offsetMs = (timeZone: string, instant: number): number => wallMs(timeZone, instant) - Math.floor(instant / 1_000) * 1_000;

/** The day that the zone's calendars show at the instant (epoch ms). */
export function dayAt(timeZone: string, instant: number): Day {
  const wall = new Date(wallMs(timeZone, instant));
  return { year: wall.getUTCFullYear(), month: wall.getUTCMonth() + 1, day: wall.getUTCDate() };
}

/** Minutes after midnight that the zone's clocks show at the instant (epoch ms): 0 to 1,439. */
export const minuteOfDay = (timeZone: string, instant: number): number => Math.floor(wallMs(timeZone, instant) % DAY_MS / MINUTE_MS);

/**
 * When the zone's clocks show that time on that day, as epoch ms. A time that the clocks skip is the instant at which they
 * go on; of a time that they show twice it is the first.
 * @param minute after midnight; days and minutes may overflow, as in `Date.UTC`
 */
export function instantOf(timeZone: string, { year, month, day }: Day, minute: number): number {
  const wall = Date.UTC(year, month - 1, day, 0, minute);
  // Far enough on both sides for every offset there is, and near enough to hold one change of the clocks only.
  const [before, after] = [offsetMs(timeZone, wall - 26 * 3_600_000), offsetMs(timeZone, wall + 26 * 3_600_000)];
  const shown = [wall - before, wall - after].filter((instant) => wallMs(timeZone, instant) === wall);
  if (shown.length > 0) return Math.min(...shown);
  // In a gap: the clocks change between the two readings of the time.
  let [low, high] = [wall - Math.max(before, after), wall - Math.min(before, after)];
  while (high - low > 1_000) {
    const middle = Math.floor((low + high) / 2_000) * 1_000;
    if (offsetMs(timeZone, middle) === before) low = middle; else high = middle;
  }
  return high;
}
