import { inflateRawSync } from 'node:zlib';

const END = 0x06054b50;
const ENTRY = 0x02014b50;

/**
 * The files of a zip whose names `wanted` accepts, as `[name, bytes]`: `unzip` isn't on every machine that has npm.
 * @throws Error when this isn't a zip or a file in it is packed in another way than deflate.
 */
export function* unzip(zip, wanted = () => true) {
  let end = zip.length - 22;
  while (end >= 0 && zip.readUInt32LE(end) !== END) end -= 1;
  if (end < 0) throw new Error('This is no zip file: it has no end record.');
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left -= 1) {
    if (zip.readUInt32LE(at) !== ENTRY) throw new Error('This zip file is damaged: its directory is cut short.');
    const method = zip.readUInt16LE(at + 10);
    const packed = zip.readUInt32LE(at + 20);
    const nameLength = zip.readUInt16LE(at + 28);
    const name = zip.toString('utf8', at + 46, at + 46 + nameLength);
    const local = zip.readUInt32LE(at + 42);
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
    if (name.endsWith('/') || !wanted(name)) continue;
    if (method !== 0 && method !== 8) throw new Error(`${name} is packed by method ${method}, which isn't deflate.`);
    const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    const bytes = zip.subarray(start, start + packed);
    yield [name, method === 0 ? bytes : inflateRawSync(bytes)];
  }
}
