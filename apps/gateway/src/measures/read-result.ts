import type { MeasureKind, MeasurePoint } from '#persistence';
import type { Cell, ResultColumn } from '#warehouse';
import { Problem } from '../http/problem.js';

export interface Rows { readonly columns: readonly ResultColumn[]; readonly rows: readonly (readonly Cell[])[]; readonly truncated: boolean }

/** `whole`: the points are all that there are; otherwise they are those of now. */
export interface Measured { readonly points: readonly MeasurePoint[]; readonly whole: boolean }

const wrong = (title: string, remedy: string): Problem => new Problem({ status: 422, code: 'query_refused', title, remedy });

/** PostgreSQL's spelling of an instant, with or without an offset, or of a date; UTC where it doesn't say. */
function instantOf(text: string): Date {
  const [, day, time = '00:00:00', offset = '+00'] = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d:\d\d(?:\.\d+)?))?([+-]\d\d)?$/.exec(text) ?? [];
  return new Date(`${day ?? ''}T${time}${offset}:00`);
}

/** What a result says of a metric (columns `value`, maybe `at`) or of a segment (a row a member). @throws Problem that says what the SQL should bring */
export function readResult(kind: MeasureKind, { columns, rows, truncated }: Rows, now: number): Measured {
  if (kind === 'segment') {
    if (!columns.some(({ name }) => name === 'id')) throw wrong('A segment\'s SQL brings a row a member, with a column id.', 'Name the column by which members are told apart id: select customer_id as id.');
    return { points: [{ at: new Date(now), value: rows.length }], whole: false };
  }
  const [value, at] = [columns.findIndex(({ name }) => name === 'value'), columns.findIndex(({ name }) => name === 'at')];
  if (value === -1) throw wrong('A metric\'s SQL brings a column value, and a column at when it is a value for each of several times.', 'Name the number value: select count(*) as value.');
  if (at === -1 && rows.length > 1) throw wrong('There are several rows, and no column at that says of which time each is.', 'Aggregate to one row, or name the time at: select date_trunc(\'day\', created) as at, count(*) as value.');
  if (truncated) throw wrong('There are too many rows for a metric.', 'Take longer stretches of time: date_trunc(\'day\', …).');
  const points = rows.flatMap((row) => {
    const [number, instant] = [row[value], at === -1 ? new Date(now) : instantOf(row[at] ?? '')];
    if (number === null || number === undefined) return [];
    if (!Number.isFinite(Number(number))) throw wrong(`The value "${number.slice(0, 50)}" is no number.`, 'Let the column value be a number.');
    if (Number.isNaN(instant.getTime())) throw wrong('The column at holds something that is no time.', 'Let at be a date or a timestamp.');
    return [{ at: instant, value: Number(number) }];
  });
  return { points, whole: at !== -1 };
}
