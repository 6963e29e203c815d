import { Tooltip } from '@mantine/core';
import { useEffect, useState } from 'react';

const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });
const STEPS = [[60, 'second', 1], [3_600, 'minute', 60], [86_400, 'hour', 3_600], [Infinity, 'day', 86_400]] as const;

function inWords(seconds: number): string {
  const [, unit, size] = STEPS.find(([below]) => Math.abs(seconds) < below) ?? STEPS[3];
  return relative.format(Math.round(seconds / size), unit);
}

/** Milliseconds since the epoch, again every `everyMs`. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

/** What has just happened isn't ahead, although our clock ticks seldom. */
const justNow = (seconds: number): number => (seconds > 0 && seconds < 10 ? 0 : seconds);

/** "3 minutes ago" in the viewer's words; the exact instant, in the viewer's zone and in UTC, on hover and focus. */
export function Instant({ at }: { at: string | null }) {
  useNow(10_000);
  if (at === null) return <span>never</span>;
  const date = new Date(at);
  const exact = `${date.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' })} (${date.toISOString()})`;
  return <Tooltip label={exact}><time dateTime={at}>{inWords(justNow((date.getTime() - Date.now()) / 1_000))}</time></Tooltip>;
}

/** 75 → "1:15", 3675 → "1:01:15". */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3_600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number): string => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

const isToday = (date: Date): boolean => date.toDateString() === new Date().toDateString();

/** "14:05", of another day with the day, in the viewer's zone; the exact instant on hover. */
export function Clock({ at }: { at: string }) {
  const date = new Date(at);
  const text = date.toLocaleString(undefined, { hour: '2-digit', minute: '2-digit', ...(!isToday(date) && { weekday: 'short', day: 'numeric', month: 'short' }) });
  return <Tooltip label={`${date.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' })} (${date.toISOString()})`}><time dateTime={at}>{text}</time></Tooltip>;
}
