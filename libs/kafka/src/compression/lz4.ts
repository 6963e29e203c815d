import { Output } from './output.js';

const MAGIC = 0x184d2204;
const FLAGS = { dictionary: 1, contentChecksum: 4, contentSize: 8, blockChecksum: 16 } as const;
const MIN_MATCH = 4;
/** Typical of records; the output grows. */
const RATIO = 4;

/**
 * LZ4 frames, one after the other. Checksums aren't looked at: a record batch has its own. Source: LZ4's frame and block format descriptions.
 * @throws Error saying what is wrong with the bytes
 */
export function decompressLz4(input: Buffer): Buffer {
  const output = new Output(input.length * RATIO);
  for (let at = 0; at < input.length;) at = frame(input, at, output);
  return output.bytes;
}

/** @returns where it ends */
function frame(input: Buffer, start: number, output: Output): number {
  if (input.length - start < 7 || input.readUInt32LE(start) !== MAGIC) throw new Error('it is no LZ4 frame');
  const flags = input[start + 4]!;
  if (flags >> 6 !== 1 || (flags & FLAGS.dictionary) !== 0) throw new Error('it is an LZ4 frame of another version, or with a dictionary');
  let at = start + 6 + ((flags & FLAGS.contentSize) === 0 ? 0 : 8) + 1;
  // Blocks may refer to those before them, within the frame.
  const from = output.length;
  for (;;) {
    if (at + 4 > input.length) throw new Error('it breaks off');
    const head = input.readUInt32LE(at);
    at += 4;
    if (head === 0) return at + ((flags & FLAGS.contentChecksum) === 0 ? 0 : 4);
    const end = at + (head & 0x7fffffff);
    if (end > input.length) throw new Error('it breaks off');
    if (head >= 0x80000000) output.literal(input, at, end); else block(input, at, end, output, from);
    at = end + ((flags & FLAGS.blockChecksum) === 0 ? 0 : 4);
  }
}

function block(input: Buffer, start: number, end: number, output: Output, from: number): void {
  let at = start;
  /** A length goes on while its bytes are full. */
  const more = (length: number): number => {
    let sum = length;
    for (let byte = 255; length === 15 && byte === 255; sum += byte) {
      if (at >= end) throw new Error('it breaks off');
      byte = input[at++]!;
    }
    return sum;
  };
  while (at < end) {
    const token = input[at++]!;
    const literals = more(token >> 4);
    if (at + literals > end) throw new Error('it breaks off');
    output.literal(input, at, at + literals);
    at += literals;
    // The last sequence has literals only.
    if (at === end) return;
    if (at + 2 > end) throw new Error('it breaks off');
    const distance = input.readUInt16LE(at);
    at += 2;
    output.again(distance, more(token & 15) + MIN_MATCH, from);
  }
}
