import type { Schemas } from '../../api/client';

type Schedule = Schemas['ShownScheduleDto'];
type Asked = Schemas['ScheduleDto'];

const DAY = 1_440;
const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
const timeOf = (minutes: number): string => { const of = ((minutes % DAY) + DAY) % DAY; return `${String(Math.floor(of / 60)).padStart(2, '0')}:${String(of % 60).padStart(2, '0')}`; };

/** `HH:MM` of an instant in a zone. */
const timeIn = (at: number, timeZone: string): string => new Date(at).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', timeZone });

/** The same schedule, so many minutes later; its next run is at `next`. */
export function moved({ mode, intervalMinutes, times, timeZone }: Schedule, next: string, minutes: number): Asked {
  if (mode === 'times') return { mode, times: times.map((time) => timeOf(minutesOf(time) + minutes)).sort() };
  return { mode, intervalMinutes: intervalMinutes ?? DAY, startAt: timeIn(Date.parse(next) + minutes * 60_000, timeZone) };
}
