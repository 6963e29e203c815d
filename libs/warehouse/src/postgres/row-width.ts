/** A heap row must fit 8,160 bytes with its large values moved out; each of those leaves 18 to 24 bytes. */
const MAX_ROW_BYTES = 7_900;
/** Header and metadata, before the bit of each column that says whether it is null. */
const HEAD_BYTES = 300;

/** Keeps the rows of one table narrow enough for a page. */
export class RowWidth {
  /** In how many rows each column held a value. */
  private readonly held: Uint32Array;
  private rows = 0;
  private orderedAt = 0;
  private order: readonly number[] = [];

  constructor(private readonly columns: number) { this.held = new Uint32Array(columns); }

  /**
   * Takes the values that have no room out of `slots` (one for each column, undefined where there is none): those of the columns
   * that were filled least often go first, of equals the newest. `out` is told each of them.
   */
  fit(slots: unknown[], out: (index: number, value: unknown) => void): void {
    let bytes = HEAD_BYTES + this.columns / 8;
    this.rows += 1;
    for (let i = 0; i < slots.length; i++) {
      if (slots[i] === undefined) continue;
      this.held[i]! += 1;
      bytes += widthOf(slots[i]);
    }
    if (bytes <= MAX_ROW_BYTES) return;
    for (const index of this.leastFilled()) {
      const value = slots[index];
      if (value === undefined) continue;
      bytes -= widthOf(value);
      slots[index] = undefined;
      out(index, value);
      if (bytes <= MAX_ROW_BYTES) return;
    }
  }

  /** Made anew whenever twice as many rows are known: neighbours should spill the same columns. */
  private leastFilled(): readonly number[] {
    if (this.rows >= this.orderedAt * 2) {
      this.orderedAt = this.rows;
      this.order = Array.from(this.held.keys()).sort((a, b) => this.held[a]! - this.held[b]! || b - a);
    }
    return this.order;
  }
}

/** Bytes that a value takes in the row itself, at most: long ones are moved out and leave a pointer. */
function widthOf(value: unknown): number {
  if (typeof value === 'string') return Math.min(value.length * 3 + 4, 24);
  return typeof value === 'boolean' ? 1 : typeof value === 'object' ? 24 : 16;
}
