import { PartnerContractError } from '#contracts';
import { parsePage } from '#connector-kit';
import { API, type Session } from './session.js';
import { soql, type Range } from './soql.js';
import { textOf, toMs, type Json } from './values.js';

/**
 * The whole records of a batch whose fields didn't fit into one address: the other parts are read for the range of the batch
 * and joined by id. A record that changed between two parts is left out; its new state lies in the next run's window.
 * @returns a page in the form of the partner's, with the joined records
 */
export async function joinParts(session: Session, records: readonly Json[], others: readonly (readonly string[])[], range: Range): Promise<Buffer> {
  const [from, to] = [records[0], records.at(-1)];
  if (from === undefined || to === undefined) return Buffer.from('{"records":[]}');
  const { cursor } = range;
  const [fromAt, toAt] = cursor === '' ? [] : [toMs(from[cursor]), toMs(to[cursor])];
  const [fromId, throughId] = [textOf(from.Id), textOf(to.Id)];
  if (cursor !== '' && (fromAt === undefined || toAt === undefined)) throw new PartnerContractError(`A record of ${range.object} has no time in ${cursor}.`);
  // Many records may have the same time: then the ids bound the range.
  const batch: Range = { object: range.object, cursor, from: fromAt, through: toAt, ...fromAt === toAt && { fromId, throughId } };
  const whole = new Map(records.map((record) => [record.Id, { record: { ...record } as Record<string, unknown>, parts: 1 }]));
  for (const fields of others) {
    for (let next: string | undefined, started = false; next !== undefined || !started; started = true) {
      const response = await session.send(next === undefined ? { path: `${API}/queryAll`, query: { q: soql(fields, batch) } } : { path: next, endpoint: 'next batch' });
      const page = parsePage(response, 'records');
      for (const { attributes: _type, ...record } of page.records) {
        const known = whole.get(record.Id);
        if (known === undefined || known.record[cursor] !== record[cursor]) continue;
        Object.assign(known.record, record);
        known.parts++;
      }
      const url = page.body.done === true ? undefined : textOf(page.body.nextRecordsUrl);
      if (url === next && url !== undefined) throw new PartnerContractError(`Salesforce goes in circles at ${response.request}.`);
      next = url === undefined ? undefined : new URL(url, 'https://salesforce').pathname;
    }
  }
  const complete = [...whole.values()].filter((one) => one.parts === others.length + 1).map(({ record }) => record);
  return Buffer.from(JSON.stringify({ records: complete }));
}
