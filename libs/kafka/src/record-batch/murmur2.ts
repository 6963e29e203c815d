const SEED = 0x9747b28c;
const M = 0x5bd1e995;

/** Kafka's hash of a key, which chooses its partition: the same in every client. Source: `Utils.murmur2` of Kafka's Java client. */
export function murmur2(key: Uint8Array): number {
  const { length } = key;
  let h = SEED ^ length;
  let at = 0;
  for (const last = length - 3; at < last; at += 4) {
    let k = Math.imul(key[at]! | key[at + 1]! << 8 | key[at + 2]! << 16 | key[at + 3]! << 24, M);
    k = Math.imul(k ^ k >>> 24, M);
    h = Math.imul(h, M) ^ k;
  }
  const rest = length & 3;
  if (rest === 3) h ^= key[at + 2]! << 16;
  if (rest >= 2) h ^= key[at + 1]! << 8;
  if (rest >= 1) h = Math.imul(h ^ key[at]!, M);
  h = Math.imul(h ^ h >>> 13, M);
  return h ^ h >>> 15;
}

let scratch = Buffer.allocUnsafeSlow(1024);

/** The partition of a key. */
export function partitionOf(key: string | Uint8Array, partitions: number): number {
  if (typeof key !== 'string') return (murmur2(key) & 0x7fffffff) % partitions;
  if (key.length * 3 > scratch.length) scratch = Buffer.allocUnsafeSlow(key.length * 3);
  return (murmur2(scratch.subarray(0, scratch.write(key, 'utf8'))) & 0x7fffffff) % partitions;
}
