import type { ZSTDDecoder } from 'zstddec/stream';

let loading: Promise<ZSTDDecoder> | undefined;

/** Loaded with the first batch that needs it. */
async function load(): Promise<ZSTDDecoder> {
  const decoder = new (await import('zstddec/stream')).ZSTDDecoder();
  await decoder.init();
  return decoder;
}

/** @throws Error saying what is wrong with the bytes */
export async function decompressZstd(input: Buffer): Promise<Buffer> {
  const decoder = await (loading ??= load());
  const parts: Uint8Array[] = [];
  let idle = 0;
  for (const part of decoder.decodeStreaming([input])) {
    // It goes round for ever over bytes that it can't read.
    idle = part.length === 0 ? idle + 1 : 0;
    if (idle > 1) throw new Error('it is no zstd frame, or a broken one');
    parts.push(part);
  }
  return Buffer.concat(parts);
}
