import { PartnerContractError } from '#contracts';

/** Byte range of one record in a page: `body.subarray(start, end)` is its JSON text. */
export interface RecordSlice {
  readonly start: number;
  readonly end: number;
}

const QUOTE = 0x22, BACKSLASH = 0x5c, COMMA = 0x2c, COLON = 0x3a, OPEN_ARRAY = 0x5b, CLOSE_ARRAY = 0x5d, OPEN_OBJECT = 0x7b, CLOSE_OBJECT = 0x7d;

/**
 * Where each record lies in a page, in order. Values aren't parsed, so nothing about them changes.
 * Only the structure is checked: a record may still be refused by `JSON.parse`.
 * @param recordsAt dotted path of the array of records; `''` when the body is one record
 * @throws PartnerContractError when the page is no complete JSON document or has no array at the path
 */
export function recordSlices(body: Buffer, recordsAt: string): RecordSlice[] {
  const scanner = new Scanner(body, recordsAt);
  return scanner.scan();
}

/** One member of a JSON object: the bytes of its value, and of the whole from the key on. */
export interface MemberSlice extends RecordSlice {
  readonly key: string;
  readonly from: number;
}

/** The members of the object that starts at byte `start`, in order; none when there is no object. @throws PartnerContractError when it isn't complete */
export function memberSlices(body: Buffer, start: number): MemberSlice[] {
  return new Scanner(body, '').membersAt(start);
}

class Scanner {
  private readonly path: readonly string[];
  private at = 0;
  /** Undefined until an array was found at the path. As in `JSON.parse`, the last of several equal keys counts. */
  private slices: RecordSlice[] | undefined;

  constructor(private readonly body: Buffer, private readonly recordsAt: string) {
    this.path = recordsAt === '' ? [] : recordsAt.split('.');
  }

  scan(): RecordSlice[] {
    this.space();
    const start = this.at;
    if (this.path.length === 0) this.skip();
    else this.find(0);
    const end = this.at;
    this.space();
    if (this.at !== this.body.length) this.fail('there is more after its end');
    if (this.path.length === 0) return [{ start, end }];
    if (this.slices === undefined) throw new PartnerContractError(`The page has no array of records at "${this.recordsAt}".`);
    return this.slices;
  }

  membersAt(start: number): MemberSlice[] {
    this.at = start;
    this.space();
    const members: MemberSlice[] = [];
    if (!this.take(OPEN_OBJECT)) return members;
    this.space();
    if (this.take(CLOSE_OBJECT)) return members;
    for (;;) {
      const from = this.at;
      const key = unescaped(this.keyText());
      this.space();
      if (!this.take(COLON)) this.fail('a colon is missing');
      this.space();
      const at = this.at;
      this.skip();
      members.push({ key, from, start: at, end: this.at });
      this.space();
      if (this.take(CLOSE_OBJECT)) return members;
      if (!this.take(COMMA)) this.fail('a comma is missing');
      this.space();
    }
  }

  /** Reads the value at `at`, which lies `depth` keys deep on the path. */
  private find(depth: number): void {
    const key = this.path[depth];
    if (key === undefined) { this.records(); return; }
    this.slices = undefined;
    if (this.body[this.at] !== OPEN_OBJECT) { this.skip(); return; }
    this.at++;
    this.space();
    if (this.take(CLOSE_OBJECT)) return;
    for (;;) {
      const match = this.key(key);
      this.space();
      if (!this.take(COLON)) this.fail('a colon is missing');
      this.space();
      if (match) this.find(depth + 1);
      else this.skip();
      this.space();
      if (this.take(CLOSE_OBJECT)) return;
      if (!this.take(COMMA)) this.fail('a comma is missing');
      this.space();
    }
  }

  private records(): void {
    if (this.body[this.at] !== OPEN_ARRAY) { this.slices = undefined; this.skip(); return; }
    const slices: RecordSlice[] = [];
    this.slices = slices;
    this.at++;
    this.space();
    if (this.take(CLOSE_ARRAY)) return;
    for (;;) {
      const start = this.at;
      this.skip();
      slices.push({ start, end: this.at });
      this.space();
      if (this.take(CLOSE_ARRAY)) return;
      if (!this.take(COMMA)) this.fail('a comma is missing');
      this.space();
    }
  }

  /** Reads a key and compares it; an escaped key is the same key. */
  private key(wanted: string): boolean {
    const text = this.keyText();
    return text === wanted || (text.includes('\\') && unescaped(text) === wanted);
  }

  private keyText(): string {
    const start = this.at;
    if (this.body[start] !== QUOTE) this.fail('a key is missing');
    this.string();
    return this.body.toString('utf8', start + 1, this.at - 1);
  }

  /** Moves behind the value at `at`. */
  private skip(): void {
    const { body } = this;
    const first = body[this.at];
    if (first === QUOTE) { this.string(); return; }
    if (first === OPEN_OBJECT || first === OPEN_ARRAY) { this.nested(); return; }
    const start = this.at;
    // A number or a word: up to what can follow a value.
    for (; this.at < body.length; this.at++) {
      const byte = body[this.at]!;
      if (byte === COMMA || byte === CLOSE_OBJECT || byte === CLOSE_ARRAY || byte <= 0x20) break;
      if (byte === QUOTE || byte === COLON || byte === OPEN_OBJECT || byte === OPEN_ARRAY) this.fail('a value is malformed');
    }
    if (this.at === start) this.fail('a value is missing');
  }

  /** Moves behind an object or array: only brackets outside strings count. No recursion, the partner decides the depth. */
  private nested(): void {
    const { body } = this;
    const { length } = body;
    const open: number[] = [];
    let at = this.at;
    for (; at < length; at++) {
      const byte = body[at]!;
      if (byte === QUOTE) {
        this.at = at;
        this.string();
        at = this.at - 1;
      } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
        open.push(byte + 2);
      } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
        // The closing bracket is the opening one + 2 in ASCII, for both kinds.
        if (open.pop() !== byte) { this.at = at; this.fail('brackets don\'t match'); }
        if (open.length === 0) { this.at = at + 1; return; }
      }
    }
    this.at = length;
    this.fail('it ends too early');
  }

  /** Moves behind the string that starts at `at`. */
  private string(): void {
    const { body } = this;
    const { length } = body;
    let at = this.at + 1;
    for (; at < length; at++) {
      const byte = body[at];
      if (byte === QUOTE) { this.at = at + 1; return; }
      if (byte === BACKSLASH) at++;
    }
    this.at = length;
    this.fail('it ends too early');
  }

  private space(): void {
    const { body } = this;
    for (; ; this.at++) {
      const byte = body[this.at];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
    }
  }

  private take(byte: number): boolean {
    if (this.body[this.at] !== byte) return false;
    this.at++;
    return true;
  }

  private fail(why: string): never {
    throw new PartnerContractError(`The page isn't a complete JSON document: ${why} (byte ${this.at} of ${this.body.length}).`);
  }
}

/** What a string's text means; itself when it can't be read. */
function unescaped(text: string): string {
  if (!text.includes('\\')) return text;
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    return text;
  }
}
