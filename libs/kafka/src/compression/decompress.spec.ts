import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { decompress } from './decompress.js';

const TEXT = `codec:${'ab'.repeat(40)} end of it, with some more: ${'a'.repeat(59)}`;
/** As the libraries of Kafka's Java client make them. */
const MADE: Readonly<Record<string, readonly [attributes: number, bytes: Buffer]>> = {
  gzip: [1, gzipSync(TEXT)],
  snappy: [2, Buffer.from('glNOQVBQWQAAAAABAAAAAQAAADKtARxjb2RlYzphYv4CADYCAHAgZW5kIG9mIGl0LCB3aXRoIHNvbWUgbW9yZTogYeYBAA==', 'base64')],
  'bare snappy': [2, Buffer.from('rQEcY29kZWM6YWL+AgA2AgBwIGVuZCBvZiBpdCwgd2l0aCBzb21lIG1vcmU6IGHmAQA=', 'base64')],
  lz4: [3, Buffer.from('BCJNGGBAgjQAAACPY29kZWM6YWICADv/DiBlbmQgb2YgaXQsIHdpdGggc29tZSBtb3JlOiBhAQAiUGFhYWFhAAAAAA==', 'base64')],
  zstd: [4, Buffer.from('KLUv/QBYhQEAZAJjb2RlYzphYiBlbmQgb2YgaXQsIHdpdGggc29tZSBtb3JlOiBhYQIAGpxuQx0X', 'base64')],
};

describe.each(Object.entries(MADE))('a batch that is compressed by %s', (_name, [attributes, bytes]) => {
  it('is read, whatever its other attributes', async () => {
    expect((await decompress(bytes, attributes)).toString()).toBe(TEXT);
    expect((await decompress(bytes, attributes | 0b11000)).toString()).toBe(TEXT);
  });

  it('that is broken ends with an error or with other bytes, and never hangs', async () => {
    for (let at = 0; at < bytes.length; at += 1) {
      for (const value of [0, 0x7f, 0xff]) {
        const broken = Buffer.from(bytes);
        broken[at] = value;
        await decompress(broken, attributes).catch((error: unknown) => expect(String(error)).toMatch(/can't be read: .+compression\.type/s));
      }
      await decompress(bytes.subarray(0, at), attributes).then((read) => expect(TEXT.startsWith(read.toString())).toBe(true), (error: unknown) => expect(String(error)).toMatch(/can't be read/));
    }
  }, 60_000);
});

it('a codec of the future is refused with what to do', async () => {
  await expect(decompress(Buffer.alloc(10), 5)).rejects.toThrow(/number 5.*compression\.type/);
});

it('what says that it is larger than a batch can be uses up no memory', async () => {
  // Four gigabytes, of nothing.
  await expect(decompress(Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0xfe, 1, 0]), 2)).rejects.toThrow(/refers to what isn't there/);
});
