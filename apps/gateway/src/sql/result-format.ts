import type { Cell, ResultColumn } from '#warehouse';

/** How a result is written to a file, batch after batch. */
export interface ResultFormat {
  readonly contentType: string;
  begin(columns: readonly ResultColumn[]): string;
  rows(columns: readonly ResultColumn[], rows: readonly (readonly Cell[])[]): string;
  end(): string;
}

/** RFC 4180: NULL is empty, an empty text is `""`. */
const csvCell = (cell: Cell): string => (cell === null ? '' : cell === '' || /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
const csvLine = (cells: readonly Cell[]): string => `${cells.map(csvCell).join(',')}\r\n`;

const NUMBER = /^(smallint|integer|bigint|numeric|real|double precision|oid)\b(?!.*\[\])/;
const DIGITS = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i;

/** Numbers keep their digits, JSON stays JSON; the rest is text as PostgreSQL writes it. */
function jsonCell(cell: Cell, type: string): string {
  if (cell === null) return 'null';
  if (type === 'boolean') return cell === 't' ? 'true' : 'false';
  if (type === 'json' || type === 'jsonb') return cell;
  // NaN and Infinity are no numbers of JSON's.
  return NUMBER.test(type) && DIGITS.test(cell) ? cell : JSON.stringify(cell);
}

export const resultFormats: Readonly<Record<'csv' | 'json', () => ResultFormat>> = {
  csv: () => ({
    contentType: 'text/csv; charset=utf-8; header=present',
    begin: (columns) => csvLine(columns.map(({ name }) => name)),
    rows: (_, rows) => rows.map(csvLine).join(''),
    end: () => '',
  }),
  json: () => {
    let first = true;
    return {
      contentType: 'application/json; charset=utf-8',
      begin: () => '[',
      rows: (columns, rows) => rows.map((row) => {
        const object = `${first ? '\n' : ',\n'}{${columns.map(({ name, type }, index) => `${JSON.stringify(name)}:${jsonCell(row[index] ?? null, type)}`).join(',')}}`;
        first = false;
        return object;
      }).join(''),
      end: () => '\n]\n',
    };
  },
};
