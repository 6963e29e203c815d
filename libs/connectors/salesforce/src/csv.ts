import { PartnerContractError } from '#contracts';

/** One cell with what follows it: quoted, or plain up to the next comma or line end. */
const CELL = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y;

/**
 * The rows of a CSV with a header, by column name. Cells may hold commas, quotes and line ends.
 * @param request where it is from, for the error
 * @throws PartnerContractError when it is no CSV, or a row has another number of cells than the header
 */
export function csvRecords(text: string, request: string): Record<string, string>[] {
  const rows: string[][] = [];
  let row: string[] = [];
  CELL.lastIndex = 0;
  while (CELL.lastIndex < text.length) {
    const match = CELL.exec(text);
    if (match === null) throw new PartnerContractError(`Salesforce's answer to ${request} is not CSV.`);
    const [, quoted, plain = '', end] = match;
    row.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === ',') continue;
    rows.push(row);
    row = [];
  }
  // A comma at the very end is one more, empty, cell.
  if (row.length > 0) rows.push([...row, '']);
  const [header, ...records] = rows;
  if (header === undefined || !header.includes('Id')) throw new PartnerContractError(`Salesforce's answer to ${request} has no header with an Id.`);
  return records.map((cells) => {
    if (cells.length !== header.length) throw new PartnerContractError(`A row of Salesforce's answer to ${request} has ${cells.length} cells in place of ${header.length}.`);
    return Object.fromEntries(header.map((name, index) => [name, cells[index] ?? '']));
  });
}
