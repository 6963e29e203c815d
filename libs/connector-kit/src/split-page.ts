import { recordSlices } from './record-slices.js';

/**
 * Cuts a page that is too large for one message at record boundaries. Each part is a JSON document with an array of records
 * at the same path; the records' bytes are the partner's own. What lies outside the array of records is left out of the parts.
 * A page within `maxBytes`, or with nothing to cut, is returned as it is; a single record above it is alone in its part.
 * @param maxBytes the largest part
 * @throws PartnerContractError when the page is no complete JSON document or has no array at the path
 */
export function splitPage(body: Buffer, recordsAt: string, maxBytes: number): Buffer[] {
  if (body.length <= maxBytes || recordsAt === '') return [body];
  const slices = recordSlices(body, recordsAt);
  if (slices.length === 0) return [body];
  const keys = recordsAt.split('.');
  const head = Buffer.from(`${keys.map((key) => `{${JSON.stringify(key)}:`).join('')}[`);
  const tail = Buffer.from(`]${'}'.repeat(keys.length)}`);
  const room = maxBytes - head.length - tail.length;
  const parts: Buffer[] = [];
  let [from, to] = [-1, -1];
  // Records that follow each other are copied with the commas between them.
  const flush = (): void => { if (from >= 0) parts.push(Buffer.concat([head, body.subarray(from, to), tail])); };
  for (const { start, end } of slices) {
    if (from >= 0 && end - from <= room) { to = end; continue; }
    flush();
    [from, to] = [start, end];
  }
  flush();
  return parts;
}
