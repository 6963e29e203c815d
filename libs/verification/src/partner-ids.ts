import { createPartnerHttp, createRunScope, planReads, type ApiCall, type Connector, type Credentials } from '#connector-kit';
import { attribute, type RawRecordMeta } from '#contracts';
import { normalizeRaw } from '#normalization';

/** Live ids by collection; collections that can't be read are named with the reason. */
export interface PartnerIds {
  readonly ids: ReadonlyMap<string, ReadonlySet<string>>;
  readonly unreadable: ReadonlyMap<string, string>;
  readonly apiCalls: number;
}

export interface PartnerReadOptions {
  readonly connector: Connector;
  /** The newest ones; asked for before each reading, since they may be renewed in between. */
  readonly credentials: () => Credentials;
  /** As `createPartnerHttp` takes it. */
  readonly renew?: (failed: Credentials) => Promise<Credentials | undefined>;
  readonly selected: readonly string[];
  /** Milliseconds since the epoch. */
  readonly startDate: number;
  readonly allowPrivateAddresses: boolean;
  readonly signal: AbortSignal;
  /** Told of every call. */
  readonly onCall: (call: ApiCall) => void;
}

/** Reads everything that the partner has, as a first sync would, and keeps the ids only. */
export async function readPartnerIds(options: PartnerReadOptions): Promise<PartnerIds> {
  const { connector, selected, startDate, signal, renew } = options;
  const credentials = options.credentials();
  const ids = new Map<string, Set<string>>(selected.map((name) => [name, new Set()]));
  const unreadable = new Map<string, string>();
  let apiCalls = 0;
  const http = createPartnerHttp({ connector, credentials, signal, ...(renew !== undefined && { renew }), allowPrivateAddresses: options.allowPrivateAddresses, onCall: (call) => { apiCalls += 1; options.onCall(call); } });
  const chosen = new Set(selected);
  const run = createRunScope();
  try {
    for (const { reader, feeds } of planReads(connector, chosen)) {
      const read = connector.readers[reader];
      if (read === undefined) continue;
      try {
        const pages = read({ http, credentials, checkpoint: undefined, checkpoints: {}, startDate, selected: chosen, run, signal, now: () => http.now(), warn: () => undefined });
        for await (const page of pages) {
          const meta: RawRecordMeta = {
            id: 'verify', workspaceId: 'verify', sourceId: 'verify', connector: connector.declaration.name, collection: page.rawCollection ?? reader, component: 'sync',
            receivedAt: new Date(page.observedAt).toISOString(), observedAt: page.observedAt, recordsAt: page.recordsAt, selected, request: page.request,
          };
          for (const { collection, kind, headers, value } of normalizeRaw(connector.normalize, meta, page.body).messages) {
            const id = attribute(headers, 'recordid');
            const deleted = kind === 'object' && (JSON.parse(value) as { deleted: boolean }).deleted;
            if (id !== undefined && !deleted) ids.get(collection)?.add(id);
          }
        }
      } catch (error) {
        signal.throwIfAborted();
        for (const name of feeds) unreadable.set(name, error instanceof Error ? error.message : 'unknown error');
      }
    }
  } finally {
    await http.close();
  }
  return { ids, unreadable, apiCalls };
}
