import { memberSlices, recordSlices, type MemberSlice, type RecordSlice } from './record-slices.js';

/** An element of a list that stands beside the records (Zendesk's side-loads), and the text of its id. */
export interface BesideElement extends RecordSlice {
  readonly list: BesideList;
  readonly id: string | undefined;
}

/** A list beside the records that is too large to be in every part. */
export interface BesideList { readonly key: string; readonly level: number }

/** What surrounds the records of a page. */
export interface PageFrame {
  /** Cut apart: each element goes where its records are. */
  readonly elements: readonly BesideElement[];
  /** Bytes of a part without records and elements. */
  readonly bytes: number;
  /** A part with these records and elements. */
  part(records: readonly RecordSlice[], elements: readonly BesideElement[]): Buffer;
  /** Parts for what is too long to be repeated and no list, without records. */
  large(): Buffer[];
}

/** @param repeatBytes the most that all parts may have in common; the longest values beside the records are the first that they haven't */
export function pageFrame(body: Buffer, recordsAt: string, repeatBytes: number): PageFrame {
  const levels = besides(body, recordsAt.split('.'));
  const lists = new Map<MemberSlice, BesideList>();
  const elements: BesideElement[] = [];
  const large = new Set<MemberSlice>();
  let common = 0;
  for (const { member, level } of levels.flatMap(({ beside }, level) => beside.map((member) => ({ member, level }))).sort((a, b) => bytesOf(a.member) - bytesOf(b.member))) {
    common += bytesOf(member);
    if (common <= repeatBytes) continue;
    if (body[member.start] !== START[0]) { large.add(member); continue; }
    const list = { key: member.key, level };
    lists.set(member, list);
    for (const slice of elementsOf(body, member)) elements.push({ ...slice, list, id: idOf(body, slice) });
  }

  const write = (records: readonly RecordSlice[], chosen: readonly BesideElement[], only?: MemberSlice): Buffer => {
    const pieces: Buffer[] = [];
    for (const { beside, key } of levels) {
      pieces.push(OPEN);
      for (const member of beside) {
        if (only === undefined ? large.has(member) : member !== only) continue;
        const list = lists.get(member);
        if (list === undefined) pieces.push(body.subarray(member.from, member.end));
        else pieces.push(body.subarray(member.from, member.start), START, ...joined(body, chosen.filter((element) => element.list === list)), END);
        pieces.push(COMMA);
      }
      pieces.push(Buffer.from(`${JSON.stringify(key)}:`));
    }
    pieces.push(START, ...joined(body, records), END, Buffer.from('}'.repeat(levels.length)));
    return Buffer.concat(pieces);
  };
  const part: PageFrame['part'] = (records, chosen) => write(records, chosen);
  return { elements, bytes: part([], []).length, part, large: () => [...large].map((member) => write([], [], member)) };
}

const [OPEN, START, END, COMMA] = ['{', '[', ']', ','].map((text) => Buffer.from(text)) as [Buffer, Buffer, Buffer, Buffer];

const bytesOf = ({ from, end }: MemberSlice): number => end - from;

const joined = (body: Buffer, slices: readonly RecordSlice[]): Buffer[] => slices.flatMap(({ start, end }, index) => (index === 0 ? [body.subarray(start, end)] : [COMMA, body.subarray(start, end)]));

/** For each key of the path, what stands beside it. As in `JSON.parse`, the last of several equal keys counts. */
function besides(body: Buffer, keys: readonly string[]): { readonly key: string; readonly beside: readonly MemberSlice[] }[] {
  let at = 0;
  return keys.map((key) => {
    const members = memberSlices(body, at);
    at = members.findLast((member) => member.key === key)?.start ?? at;
    return { key, beside: members.filter((member, index) => member.key !== key && members.findLastIndex((other) => other.key === member.key) === index) };
  });
}

/** Where the elements lie in the page; the list is wrapped, since `recordSlices` reads documents. */
function elementsOf(body: Buffer, { start, end }: MemberSlice): RecordSlice[] {
  const wrapped = Buffer.concat([Buffer.from('{"e":'), body.subarray(start, end), Buffer.from('}')]);
  const shift = start - '{"e":'.length;
  return recordSlices(wrapped, 'e').map((slice) => ({ start: slice.start + shift, end: slice.end + shift }));
}

/** The text of a record's `id`, a number's as it is written. */
export function idOf(body: Buffer, { start }: RecordSlice): string | undefined {
  const id = memberSlices(body, start).findLast(({ key }) => key === 'id');
  return id === undefined ? undefined : body.toString('utf8', id.start, id.end).replace(/^"|"$/g, '');
}
