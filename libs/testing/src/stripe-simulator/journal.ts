import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { StripeAccount } from './account.js';
import { StoredObject } from './collection.js';
import { resourceNames, resources, type ResourceName } from './resources.js';

type Head = readonly ['put', ResourceName, string, number, number, string | null] | readonly ['drop', ResourceName, string];

/**
 * Keeps an account's objects in a file, so that the demo's partner still has tomorrow what was synced today, also after kill -9:
 * every change is a line, written before the request is answered. A start rewrites the file without what was overwritten.
 */
export class Journal {
  private file: number | undefined;

  constructor(private readonly path: string) {}

  /** True when there is something to go on with. */
  get exists(): boolean {
    return existsSync(this.path);
  }

  /** Puts what the file holds into the account; a last line that was cut short is left out. */
  load(account: StripeAccount): void {
    const lines = readFileSync(this.path, 'utf8').split('\n');
    lines.pop();
    for (const line of lines) {
      const at = line.indexOf('\t');
      if (at < 0) continue;
      const head = JSON.parse(line.slice(0, at)) as Head;
      const json = line.slice(at + 1);
      if (!(head[1] in resources)) continue;
      if (head[0] === 'drop') account.drop(head[1], head[2]);
      else account.restore(head[1], new StoredObject(head[2], head[3], head[4], head[5] ?? undefined, json));
    }
  }

  /** Writes all that the account has, then every change. */
  follow(account: StripeAccount): void {
    mkdirSync(dirname(this.path), { recursive: true });
    const lines: string[] = [];
    for (const resource of resourceNames) {
      for (const id of account.deletedIds(resource)) lines.push(dropLine(resource, id));
      for (const stored of account.collection(resource).all()) lines.push(putLine(resource, stored));
    }
    writeFileSync(`${this.path}.new`, lines.join(''));
    renameSync(`${this.path}.new`, this.path);
    const file = openSync(this.path, 'a');
    this.file = file;
    account.observers.push({
      stored: (resource, stored) => { if (this.file !== undefined) writeSync(file, putLine(resource, stored)); },
      removed: (resource, id) => { if (this.file !== undefined) writeSync(file, dropLine(resource, id)); },
    });
  }

  close(): void {
    if (this.file !== undefined) closeSync(this.file);
    this.file = undefined;
  }
}

const line = (head: Head, json: string): string => `${JSON.stringify(head)}\t${json}\n`;
const putLine = (resource: ResourceName, { id, created, sequence, parent, source }: StoredObject): string => line(['put', resource, id, created, sequence, parent ?? null], source);
const dropLine = (resource: ResourceName, id: string): string => line(['drop', resource, id], '');
