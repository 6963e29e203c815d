/** Reads varints and fields, from `at` on. */
export class Cursor {
  constructor(readonly bytes: Buffer, public at = 0) {}

  /** A zigzag varint of up to 64 bits; exact to 2^53. */
  varint(): number {
    const { bytes } = this;
    let byte = bytes[this.at++]!;
    let value = byte & 0x7f;
    if (byte >= 0x80) {
      byte = bytes[this.at++]!; value |= (byte & 0x7f) << 7;
      if (byte >= 0x80) {
        byte = bytes[this.at++]!; value |= (byte & 0x7f) << 14;
        if (byte >= 0x80) {
          byte = bytes[this.at++]!; value |= (byte & 0x7f) << 21;
          for (let scale = 2 ** 28; byte >= 0x80; scale *= 128) { byte = bytes[this.at++]!; value += (byte & 0x7f) * scale; }
        }
      }
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** Length and bytes; null when the length is -1. */
  field(): Buffer | null {
    const length = this.varint();
    if (length < 0) return null;
    const start = this.at;
    return this.bytes.subarray(start, this.at = start + length);
  }

  skip(): void {
    const length = this.varint();
    if (length > 0) this.at += length;
  }

  name(): string {
    const length = this.varint();
    const start = this.at;
    return this.bytes.toString('utf8', start, this.at = start + length);
  }
}
