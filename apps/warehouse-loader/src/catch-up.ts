import { setTimeout as sleep } from 'node:timers/promises';
import { attribute } from '#contracts';
import type { IncomingMessage, OutgoingMessage, ScannedBatch } from '#kafka';
import type { CatchUpTask } from '#persistence';
import { RowsRejectedError, SelectionChangedError, type TableTarget, type Warehouse } from '#warehouse';
import { buried, recordDecoder, type Destination, type Origin } from './decode.js';
import type { LoadRow } from './record-row.js';

export interface CatchUpPorts {
  readonly loader: string;
  /** A warehouse of its own, so that the loader beside it has its connection for itself. */
  readonly warehouse: Warehouse;
  readonly topics: readonly string[];
  readonly selection: () => number;
  readonly refreshSelection: () => Promise<void>;
  readonly destination: (meta: Origin) => Destination;
  readonly scan: (topics: readonly string[], from: Readonly<Record<string, string>>, onTotal: (offsets: number) => void, onBatch: (batch: ScannedBatch) => Promise<void>) => Promise<void>;
  readonly bury: (letters: readonly OutgoingMessage[]) => Promise<void>;
  /** Keeps how far it has come. False: it isn't ours any more. */
  readonly progress: (state: { readonly positions: Readonly<Record<string, string>>; readonly recordsRead: number; readonly recordsTotal: number }) => Promise<boolean>;
  readonly failing: (error: unknown) => void;
  readonly stopping: () => boolean;
}

const ROWS = 2_000;
const PROGRESS_MS = 2_000;
const BACKOFF_MS = { first: 500, most: 10_000 };

class Given extends Error {}

/**
 * Loads the records of one source from the beginning of its topics, beside the loader: what was left out until now, or whose
 * table is to be made again. Where the topics end is asked after every loader knows that the source is to be taken, so that
 * nothing falls between the two. Ids and versions decide in the warehouse: what comes twice ends the same, in any order.
 * @returns false when it isn't ours any more or the service stops
 */
export async function catchUp(task: CatchUpTask, ports: CatchUpPorts): Promise<boolean> {
  const positions: Record<string, string> = { ...task.positions };
  let { recordsRead } = task;
  let recordsTotal = 0;
  let told = Date.now();
  const goOn = async (work: () => Promise<unknown>): Promise<void> => insist(work, ports);
  const tell = async (): Promise<void> => {
    told = Date.now();
    if (!await ports.progress({ positions, recordsRead, recordsTotal })) throw new Given();
  };
  try {
    await goOn(async () => {
      if (ports.selection() < task.selectionVersion) await ports.refreshSelection();
      await ports.warehouse.select(ports.loader, ports.selection());
    });
    await goOn(() => ports.scan(ports.topics, positions, (total) => { recordsTotal = total; }, async ({ topic, partition, messages, to }) => {
      for (let at = 0; at < messages.length; at += ROWS) await goOn(() => load(task, messages.slice(at, at + ROWS), ports));
      recordsRead += messages.length;
      positions[`${topic}/${partition}`] = to;
      if (Date.now() - told >= PROGRESS_MS) await goOn(tell);
    }));
    await goOn(tell);
    return true;
  } catch (error) {
    if (error instanceof Given) return false;
    throw error;
  }
}

/** Tries until it works. @throws Given when it isn't to go on */
async function insist(work: () => Promise<unknown>, ports: CatchUpPorts): Promise<void> {
  for (let pause = BACKOFF_MS.first; ; pause = Math.min(pause * 2, BACKOFF_MS.most)) {
    if (ports.stopping()) throw new Given();
    try {
      await work();
      return;
    } catch (error) {
      if (error instanceof Given) throw error;
      ports.failing(error);
      if (error instanceof SelectionChangedError) await ports.refreshSelection().catch(() => undefined);
      await sleep(pause);
    }
  }
}

async function load({ sourceId }: CatchUpTask, messages: readonly IncomingMessage[], ports: CatchUpPorts): Promise<void> {
  const selection = ports.selection();
  const decoder = recordDecoder(ports.destination);
  const tables = new Map<TableTarget, LoadRow[]>();
  const letters: OutgoingMessage[] = [];
  for (const message of messages) {
    if (attribute(message.headers, 'sourceid') !== sourceId) continue;
    const result = decoder.run(message);
    if (result.outcome === 'dead-letter') letters.push(buried(message, result.reason, result.message, new Date()));
    if (result.outcome !== 'ok') continue;
    const together = tables.get(result.value.target);
    if (together === undefined) tables.set(result.value.target, [result.value]); else together.push(result.value);
  }
  const apply = (left: (row: LoadRow) => boolean) => ports.warehouse.apply(ports.loader, {
    advances: [], selection, tables: [...tables].map(([target, rows]) => ({ target, rows: rows.filter(left), rewrite: target.kind === 'event' })),
  });
  if (tables.size > 0) {
    const refused = new Set<unknown>();
    for (let done = false; !done;) {
      try {
        await apply((row) => !refused.has(row));
        done = true;
      } catch (error) {
        if (!(error instanceof RowsRejectedError)) throw error;
        for (const { row, reason, message } of error.rejected) {
          refused.add(row);
          letters.push(buried((row as LoadRow).message, reason, message, new Date()));
        }
      }
    }
  }
  if (letters.length > 0) await ports.bury(letters);
}
