const TEXT_OID = 25;

/** A one-dimensional `text[]` in PostgreSQL's binary format (array_recv), for a parameter: nothing has to be escaped. */
export function textArray(values: readonly string[]): Buffer {
  const bytes = Buffer.allocUnsafe(values.reduce((sum, { length }) => sum + 4 + length * 3, 20));
  bytes.writeInt32BE(1, 0);
  bytes.writeInt32BE(0, 4);
  bytes.writeInt32BE(TEXT_OID, 8);
  bytes.writeInt32BE(values.length, 12);
  bytes.writeInt32BE(1, 16);
  let at = 20;
  for (const value of values) {
    const length = bytes.write(value, at + 4, 'utf8');
    bytes.writeInt32BE(length, at);
    at += 4 + length;
  }
  return bytes.subarray(0, at);
}
