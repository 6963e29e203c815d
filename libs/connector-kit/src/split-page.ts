import { idOf, pageFrame, type BesideElement, type PageFrame } from './page-frame.js';
import { recordSlices, type RecordSlice } from './record-slices.js';

/** Of a part: the most that is repeated in all of them. */
const REPEATED_SHARE = 0.25;

/**
 * Cuts a page that is too large for one message at record boundaries. Each part is a JSON document of the page's own shape, with
 * some of the records; the records' bytes are the partner's own. Nothing of the page is lost, and each part can be read by itself:
 *
 * - what stands beside the records (cursors, counts, short lists) is repeated in every part;
 * - an element of a long list beside them (a side-load) is in every part with a record that names it by its `id`, or whose `id`
 *   it names; one that no record has to do with, or that doesn't fit beside its record, is in one part;
 * - a long value that is no list is in a part of its own, without records.
 *
 * A page within `maxBytes`, or without records, is returned as it is; a single record above it is alone in its part.
 * @param maxBytes the largest part
 * @throws PartnerContractError when the page is no complete JSON document or has no array at the path
 */
export function splitPage(body: Buffer, recordsAt: string, maxBytes: number): Buffer[] {
  if (body.length <= maxBytes || recordsAt === '') return [body];
  const records = recordSlices(body, recordsAt);
  if (records.length === 0) return [body];
  const frame = pageFrame(body, recordsAt, Math.floor(maxBytes * REPEATED_SHARE));
  const referred = references(body, records, frame.elements);
  const parts = new Parts(frame, maxBytes);
  const [placed, spilled] = [new Set<BesideElement>(), new Set<BesideElement>()];
  for (const record of records) {
    const elements = referred.get(record) ?? [];
    parts.record(record, elements);
    for (const element of elements) (parts.element(element) ? placed : spilled).add(element);
  }
  for (const element of frame.elements) if (!placed.has(element) || spilled.has(element)) parts.alone(element);
  return [...parts.end(), ...frame.large()];
}

/** Fills one part after the other. */
class Parts {
  private readonly done: Buffer[] = [];
  private records: RecordSlice[] = [];
  private elements = new Set<BesideElement>();
  private size: number;

  constructor(private readonly frame: PageFrame, private readonly maxBytes: number) { this.size = frame.bytes; }

  /** In the part that is open, unless it and what belongs to it don't fit there any more. */
  record(record: RecordSlice, elements: readonly BesideElement[]): void {
    const more = elements.reduce((sum, element) => sum + (this.elements.has(element) ? 0 : length(element) + 1), 0);
    if (this.records.length > 0 && this.size + length(record) + 1 + more > this.maxBytes) this.flush();
    this.size += length(record) + (this.records.length > 0 ? 1 : 0);
    this.records.push(record);
  }

  /** Whether it fits into the part that is open, or is there. */
  element(element: BesideElement): boolean {
    if (this.elements.has(element)) return true;
    if (this.size + length(element) + 1 > this.maxBytes) return false;
    this.elements.add(element);
    this.size += length(element) + 1;
    return true;
  }

  /** In the part that is open or in the next, whatever its size. */
  alone(element: BesideElement): void {
    if (this.element(element)) return;
    this.flush();
    this.elements.add(element);
    this.size += length(element) + 1;
  }

  end(): readonly Buffer[] { this.flush(); return this.done; }

  private flush(): void {
    if (this.records.length > 0 || this.elements.size > 0) this.done.push(this.frame.part(this.records, [...this.elements]));
    this.records = [];
    this.elements = new Set();
    this.size = this.frame.bytes;
  }
}

const length = ({ start, end }: RecordSlice): number => end - start;

/** The elements that each record names, or that name it. */
function references(body: Buffer, records: readonly RecordSlice[], elements: readonly BesideElement[]): ReadonlyMap<RecordSlice, readonly BesideElement[]> {
  const found = new Map<RecordSlice, Set<BesideElement>>();
  if (elements.length === 0) return new Map();
  const byId = new Map<string | undefined, BesideElement[]>();
  for (const element of elements) byId.set(element.id, [...byId.get(element.id) ?? [], element]);
  const recordsById = new Map<string | undefined, RecordSlice>();
  const refer = (record: RecordSlice, element: BesideElement): void => { found.set(record, (found.get(record) ?? new Set()).add(element)); };
  for (const record of records) {
    recordsById.set(idOf(body, record), record);
    for (const word of words(body, record)) for (const element of byId.get(word) ?? []) refer(record, element);
  }
  for (const element of elements) {
    for (const word of words(body, element)) {
      const record = recordsById.get(word);
      if (record !== undefined) refer(record, element);
    }
  }
  return new Map([...found].map(([record, set]) => [record, [...set]]));
}

/** Texts and numbers that may be ids. */
function words(body: Buffer, { start, end }: RecordSlice): Set<string> {
  const found = new Set<string>();
  for (const [, text, number] of body.toString('utf8', start, end).matchAll(/"([^"\\]*(?:\\.[^"\\]*)*)"|(-?\d[\d.eE+-]*)/gs)) {
    const word = text ?? number ?? '';
    if (word.length > 0 && word.length <= 64) found.add(word);
  }
  return found;
}
