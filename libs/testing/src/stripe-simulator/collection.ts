import { inShape, isVersioned, type Shape } from './versions.js';

/** An object as the API gives it, holding the fields of all versions' shapes. */
export interface StripeObject extends Record<string, unknown> { id: string; object: string }

/** One stored object. Its serialised forms are kept, so that a page is a join of strings. */
export class StoredObject {
  /** Made when there is one to keep: most of millions have none. */
  private texts: Map<Shape, string> | undefined;
  private readonly json: string;

  constructor(
    readonly id: string,
    /** Seconds since the epoch; lists are ordered by it. */
    readonly created: number,
    /** Breaks ties: later objects come first. */
    readonly sequence: number,
    /** Id of the object it is listed below. */
    readonly parent: string | undefined,
    value: StripeObject | string,
  ) {
    this.json = typeof value === 'string' ? value : JSON.stringify(value);
  }

  /** A fresh copy. */
  get value(): StripeObject {
    return JSON.parse(this.json) as StripeObject;
  }

  get source(): string {
    return this.json;
  }

  /** Serialised in a version's shape. @param embed adds sub-lists to the value */
  text(shape: Shape, versioned: boolean, embed: ((value: StripeObject) => StripeObject) | undefined): string {
    if (embed === undefined && !versioned) return this.json;
    let text = this.texts?.get(shape);
    if (text === undefined) {
      text = JSON.stringify(inShape(embed === undefined ? this.value : embed(this.value), shape));
      (this.texts ??= new Map()).set(shape, text);
    }
    return text;
  }

  /** Forgets serialised forms, because a sub-list changed. */
  stale(): void {
    this.texts = undefined;
  }
}

/** True when the stored text may look different in another version (a discount has its own versions; events keep theirs for ever). */
export const needsShape = (object: string, json: string): boolean =>
  object !== 'event' && (isVersioned(object) || json.includes('"object":"discount"'));

type Ordered = Pick<StoredObject, 'created' | 'sequence'>;
const before = (a: Ordered, b: Ordered): boolean => a.created < b.created || (a.created === b.created && a.sequence < b.sequence);

/** Objects of one resource, oldest first. */
export class Collection {
  private readonly byId = new Map<string, StoredObject>();
  private readonly ordered: StoredObject[] = [];
  private readonly byParent = new Map<string, StoredObject[]>();

  get size(): number {
    return this.ordered.length;
  }

  get(id: string): StoredObject | undefined {
    return this.byId.get(id);
  }

  /** Oldest first; not to be changed. */
  all(parent?: string): readonly StoredObject[] {
    return parent === undefined ? this.ordered : this.byParent.get(parent) ?? [];
  }

  put(stored: StoredObject): void {
    const old = this.byId.get(stored.id);
    if (old !== undefined) this.remove(stored.id);
    this.byId.set(stored.id, stored);
    insert(this.ordered, stored);
    if (stored.parent === undefined) return;
    const siblings = this.byParent.get(stored.parent);
    if (siblings === undefined) this.byParent.set(stored.parent, [stored]);
    else insert(siblings, stored);
  }

  remove(id: string): StoredObject | undefined {
    const stored = this.byId.get(id);
    if (stored === undefined) return undefined;
    this.byId.delete(id);
    this.ordered.splice(position(this.ordered, stored), 1);
    if (stored.parent !== undefined) {
      const siblings = this.byParent.get(stored.parent) ?? [];
      siblings.splice(position(siblings, stored), 1);
      if (siblings.length === 0) this.byParent.delete(stored.parent);
    }
    return stored;
  }
}

function insert(list: StoredObject[], stored: StoredObject): void {
  const last = list.at(-1);
  if (last === undefined || before(last, stored)) list.push(stored);
  else list.splice(position(list, stored), 0, stored);
}

/** Index of the first that isn't before `at`. */
export function position(list: readonly StoredObject[], at: Ordered): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const item = list[middle];
    if (item !== undefined && before(item, at)) low = middle + 1;
    else high = middle;
  }
  return low;
}
