import { stringify } from 'lossless-json';
import { isExactNumber } from './types.js';

/** What PostgreSQL's text can't hold: NUL, and halves of surrogate pairs. */
export const UNSTORABLE = /[\0\ud800-\udfff]/u;
const EVERY_UNSTORABLE = /[\0\ud800-\udfff]/gu;

export const cleanText = (text: string): string => text.replace(EVERY_UNSTORABLE, '\ufffd');

/** JSON text of a value, numbers as they came. */
export function exactJson(value: unknown): string {
  const text = JSON.stringify(value);
  return (text.includes('"isLosslessNumber":true') ? stringify(value) : text) ?? 'null';
}

function cleanDeep(value: unknown): unknown {
  if (typeof value === 'string') return cleanText(value);
  if (typeof value !== 'object' || value === null || isExactNumber(value)) return value;
  if (Array.isArray(value)) return value.map(cleanDeep);
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [cleanText(key), cleanDeep(part)]));
}

/** JSON text that `jsonb` takes; undefined when the value holds what it can't store. */
export function storableJson(value: unknown): string | undefined {
  const text = exactJson(value);
  if (!text.includes('\\u')) return text;
  // The escape may be the text of a string ("\\u0000" spelled out), so the values decide, not the JSON.
  return /\\u(?:0000|d[89a-f])/i.test(text) && exactJson(cleanDeep(value)) !== text ? undefined : text;
}

export const cleanedJson = (value: unknown): string => exactJson(cleanDeep(value));

/** Base64 of the value's JSON (escapes keep NUL and half pairs), for `_extra`. */
export const originalBase64 = (value: unknown): string => Buffer.from(exactJson(value)).toString('base64');

/** Seconds and microseconds since 2000-01-01T00:00:00Z of what `parseInstant` read last; saves an allocation a value. */
export const instant = { seconds: 0, micros: 0 };

const EPOCH_2000_DAYS = 10_957;
const DAYS_IN = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Days since 2000-01-01 of a Gregorian date; NaN when there is no such day. */
export function daysSince2000(year: number, month: number, day: number): number {
  if (year < 1 || month < 1 || month > 12 || day < 1) return Number.NaN;
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  if (day > (DAYS_IN[month - 1] ?? 0) + (leap && month === 2 ? 1 : 0)) return Number.NaN;
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468 - EPOCH_2000_DAYS;
}

/** `count` decimal digits at `at`, or NaN. */
function digits(text: string, at: number, count: number): number {
  let value = 0;
  for (let i = at; i < at + count; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

/** Days since 2000-01-01 of a `YYYY-MM-DD`; NaN when it is none. */
export function parseDate(text: string): number {
  if (text.length !== 10 || text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45) return Number.NaN;
  return daysSince2000(digits(text, 0, 4), digits(text, 5, 2), digits(text, 8, 2));
}

/**
 * Reads RFC 3339 (also `+0000`, a blank for the T, and a bare date as midnight UTC) into `instant`, rounded to microseconds.
 * False for anything else: no such day, a leap second, no offset.
 */
export function parseInstant(text: string): boolean {
  const length = text.length;
  const days = length === 10 ? parseDate(text) : text.charCodeAt(4) === 45 && text.charCodeAt(7) === 45 ? daysSince2000(digits(text, 0, 4), digits(text, 5, 2), digits(text, 8, 2)) : Number.NaN;
  if (Number.isNaN(days)) return false;
  instant.micros = 0;
  instant.seconds = days * 86_400;
  if (length === 10) return true;
  const separator = text.charCodeAt(10);
  if ((separator !== 84 && separator !== 116 && separator !== 32) || text.charCodeAt(13) !== 58 || text.charCodeAt(16) !== 58) return false;
  const [hour, minute, second] = [digits(text, 11, 2), digits(text, 14, 2), digits(text, 17, 2)];
  if (!(hour < 24 && minute < 60 && second < 60)) return false;
  let at = 19;
  if (text.charCodeAt(at) === 46) {
    const start = ++at;
    while (at < length && text.charCodeAt(at) >= 48 && text.charCodeAt(at) <= 57) at++;
    if (at === start) return false;
    instant.micros = Math.round(Number(`0.${text.slice(start, at)}`) * 1e6);
  }
  let offset = 0;
  const zone = text.charCodeAt(at);
  if (zone === 90 || zone === 122) at += 1;
  else if (zone === 43 || zone === 45) {
    const colon = text.charCodeAt(at + 3) === 58 ? 1 : 0;
    const [hours, minutes] = [digits(text, at + 1, 2), digits(text, at + 3 + colon, 2)];
    if (!(hours < 24 && minutes < 60)) return false;
    offset = (hours * 3600 + minutes * 60) * (zone === 43 ? 1 : -1);
    at += 5 + colon;
  } else return false;
  instant.seconds += hour * 3600 + minute * 60 + second - offset;
  return at === length;
}
