import { gunzip } from 'node:zlib';
import { promisify } from 'node:util';
import { decompressLz4 } from './lz4.js';
import { decompressSnappy } from './snappy.js';
import { decompressZstd } from './zstd.js';

const CODEC = 7;
/** By their number in a batch's attributes. */
const CODECS: Readonly<Record<number, { readonly name: string; readonly decompress: (bytes: Buffer) => Buffer | Promise<Buffer> }>> = {
  1: { name: 'gzip', decompress: promisify(gunzip) },
  2: { name: 'snappy', decompress: decompressSnappy },
  3: { name: 'lz4', decompress: decompressLz4 },
  4: { name: 'zstd', decompress: decompressZstd },
};
const REMEDY = 'Let its producer, or the topic, have another compression.type (none, gzip, snappy, lz4 or zstd), and move the group past this batch, or delete it from the topic.';

/** The records of a batch with these attributes, of a producer of any kind: ours compress nothing. @throws Error saying what to do */
export async function decompress(bytes: Buffer, attributes: number): Promise<Buffer> {
  const codec = CODECS[attributes & CODEC];
  if (codec === undefined) throw new Error(`A record batch is compressed by a codec that can't be read here (number ${attributes & CODEC}). ${REMEDY}`);
  try {
    return await codec.decompress(bytes);
  } catch (error) {
    throw new Error(`A record batch says that it is compressed by ${codec.name}, and can't be read: ${(error as Error).message}. ${REMEDY}`, { cause: error });
  }
}
