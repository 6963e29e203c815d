import { Output } from './output.js';

/** How Java's library begins a stream: this, two versions of four bytes, then blocks after their lengths. */
const XERIAL = Buffer.from([0x82, ...Buffer.from('SNAPPY'), 0]);
const XERIAL_HEAD = 16;
/** A block that says more isn't believed before it was read. */
const FIRST_ROOM = 16 * 1024 * 1024;

/**
 * Snappy as Java's library frames it, or one bare block, as others send it. Source: Snappy's format description; snappy-java's stream.
 * @throws Error saying what is wrong with the bytes
 */
export function decompressSnappy(input: Buffer): Buffer {
  if (!input.subarray(0, XERIAL.length).equals(XERIAL)) return block(input, new Output(Math.min(lengthOf(input).length, FIRST_ROOM))).bytes;
  const output = new Output(input.length * 2);
  for (let at = XERIAL_HEAD; at < input.length;) {
    if (at + 4 > input.length) throw new Error('it breaks off');
    const end = at + 4 + input.readUInt32BE(at);
    if (end > input.length) throw new Error('it breaks off');
    block(input.subarray(at + 4, end), output);
    at = end;
  }
  return output.bytes;
}

/** What a block becomes, and where it begins. */
function lengthOf(input: Buffer): { readonly length: number; readonly at: number } {
  let [length, at] = [0, 0];
  for (let scale = 1; at < 5; scale *= 128) {
    const byte = input[at++];
    if (byte === undefined) throw new Error('it breaks off');
    length += (byte & 0x7f) * scale;
    if (byte < 0x80) return { length, at };
  }
  throw new Error('its length can\'t be read');
}

function block(input: Buffer, output: Output): Output {
  const from = output.length;
  const head = lengthOf(input);
  let at = head.at;
  const number = (bytes: number): number => {
    if (at + bytes > input.length) throw new Error('it breaks off');
    return input.readUIntLE((at += bytes) - bytes, bytes);
  };
  while (at < input.length) {
    const tag = input[at++]!;
    const high = tag >> 2;
    if ((tag & 3) === 0) {
      const length = (high < 60 ? high : number(high - 59)) + 1;
      output.literal(input, at, at + length);
      at += length;
    } else if ((tag & 3) === 1) output.again(((tag >> 5) << 8) | number(1), (high & 7) + 4, from);
    else output.again(number((tag & 3) === 2 ? 2 : 4), high + 1, from);
    if (output.length - from > head.length) break;
  }
  if (output.length - from !== head.length) throw new Error('it isn\'t as long as it says');
  return output;
}
