/** Most that a batch may become: one that says more is broken, or made to use up the memory. */
const MOST_BYTES = 256 * 1024 * 1024;
/** Below it a loop is faster than a call. */
const SHORT = 32;

/** What is decompressed so far: LZ4 and Snappy both copy bytes in, and copy again what is there already. */
export class Output {
  private buffer: Buffer;
  private at = 0;

  constructor(bytes: number) { this.buffer = Buffer.allocUnsafe(Math.min(Math.max(bytes, 64), MOST_BYTES)); }

  get length(): number { return this.at; }

  get bytes(): Buffer { return this.buffer.subarray(0, this.at); }

  /** @throws Error when the input ends before `end` */
  literal(input: Buffer, start: number, end: number): void {
    if (!(end <= input.length)) throw new Error('it breaks off');
    this.room(end - start);
    const { buffer } = this;
    if (end - start < SHORT) for (let from = start, to = this.at; from < end; from += 1, to += 1) buffer[to] = input[from]!;
    else input.copy(buffer, this.at, start, end);
    this.at += end - start;
  }

  /** Once more what begins `distance` bytes before the end, which may reach into what it makes. @throws Error when that is before `from` */
  again(distance: number, length: number, from: number): void {
    const start = this.at - distance;
    if (!(distance > 0 && start >= from)) throw new Error('it refers to what isn\'t there');
    this.room(length);
    const { buffer } = this;
    const end = this.at + length;
    if (length < SHORT || distance < length) for (let to = this.at, of = start; to < end; to += 1, of += 1) buffer[to] = buffer[of]!;
    else buffer.copyWithin(this.at, start, start + length);
    this.at = end;
  }

  private room(more: number): void {
    const needed = this.at + more;
    if (needed <= this.buffer.length) return;
    if (!(needed <= MOST_BYTES)) throw new Error(`it is larger than ${MOST_BYTES} bytes`);
    const wider = Buffer.allocUnsafe(Math.min(MOST_BYTES, Math.max(needed, this.buffer.length * 2)));
    this.buffer.copy(wider, 0, 0, this.at);
    this.buffer = wider;
  }
}
