import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

type Key = string | number;

/** A map that tells of every change. */
class KeptMap<K extends Key, V> extends Map<K, V> {
  changed: ((key: K, value?: V) => void) | undefined;

  override set(key: K, value: V): this {
    super.set(key, value);
    this.changed?.(key, value);
    return this;
  }

  override delete(key: K): boolean {
    const was = super.delete(key);
    if (was) this.changed?.(key);
    return was;
  }

  override clear(): void { for (const key of [...this.keys()]) this.delete(key); }
}

/**
 * A simulator's maps in a file, so that the demo's partner still has tomorrow what was synced today, also after kill -9: every change
 * is a line, `[map, key, value]` or `[map, key]`, written before the request is answered. What is put in must be JSON, and is put in
 * again when it changes. Without a path nothing is kept.
 */
export class KeptState {
  /** There was nothing to go on with. */
  readonly isNew: boolean;
  private readonly maps = new Map<string, KeptMap<Key, unknown>>();
  private file: number | undefined;

  constructor(private readonly path?: string) {
    this.isNew = path === undefined || !existsSync(path);
    if (path === undefined || this.isNew) return;
    const lines = readFileSync(path, 'utf8').split('\n');
    lines.pop(); // empty, or cut short
    for (const line of lines) {
      const [name, key, value] = JSON.parse(line) as [string, Key, unknown];
      if (value === undefined) this.map(name).delete(key);
      else this.map(name).set(key, value);
    }
  }

  /** The map of this name with what was kept of it. */
  map<K extends Key, V>(name: string): Map<K, V> {
    let map = this.maps.get(name);
    if (map === undefined) {
      this.maps.set(name, map = new KeptMap());
      if (this.path !== undefined) map.changed = (key, value) => { if (this.file !== undefined) writeSync(this.file, line(name, key, value)); };
    }
    return map as unknown as Map<K, V>;
  }

  /** From now on changes are written. The file begins with what is there, without what was overwritten. */
  follow(): void {
    if (this.path === undefined) return;
    mkdirSync(dirname(this.path), { recursive: true });
    const all = [...this.maps].map(([name, map]) => [...map].map(([key, value]) => line(name, key, value)).join(''));
    writeFileSync(`${this.path}.new`, all.join(''), { mode: 0o600 });
    renameSync(`${this.path}.new`, this.path);
    this.file = openSync(this.path, 'a');
  }

  close(): void {
    if (this.file !== undefined) closeSync(this.file);
    this.file = undefined;
  }
}

const line = (name: string, key: Key, value: unknown): string => `${JSON.stringify(value === undefined ? [name, key] : [name, key, value])}\n`;
