import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { loadConnector } from '#connectors';
import { createPartnerHttp, withFound, type Page } from '#connector-kit';
import { Admissions } from './admissions.js';
import { readCollections } from './read-collections.js';
import { Renewals } from './renewals.js';
import { PAGES_AHEAD, type ParentMessage, type WorkerInput, type WorkerMessage } from './worker-protocol.js';

/**
 * One run in a thread of its own, so that an endless loop or a memory hog can be killed without harm. It knows the partner
 * and nothing else: the parent makes its pages durable and saves its checkpoints.
 */
const port = parentPort;
if (port === null) throw new Error('this file is a worker');
const input = workerData as WorkerInput;
/** Nice value (source: setpriority(2)): a sync has time, what came by webhook or is on its way has none. */
const YIELDING = 5;
// On Linux it is this thread's alone.
if (process.platform === 'linux') setPriority(0, YIELDING);
const post = (message: WorkerMessage, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer);

const abort = new AbortController();
let ahead = 0;
let sequence = 0;
let wake: (() => void) | undefined;
const admissions = new Admissions(post);
const renewals = new Renewals(() => post({ type: 'renew' }));
port.on('message', (message: ParentMessage) => {
  if (message.type === 'cancel') return abort.abort(new Error('cancelled'));
  if (message.type === 'renewed') return renewals.take(message.renewed);
  if (message.type === 'admitted') return admissions.answered(message.id, message.answer);
  ahead -= message.pages;
  wake?.();
});

const connector = withFound(await loadConnector(input.connector), input.found);
const http = createPartnerHttp({
  connector, credentials: input.credentials, signal: abort.signal, allowPrivateAddresses: input.allowPrivateAddresses,
  ...(input.renewable && { renew: () => renewals.renew() }),
  gate: admissions,
  onQuota: (quota) => admissions.note(quota),
  onBegin: (call) => post({ type: 'begin', call }),
  onCall: (call) => post({ type: 'call', call }),
  onWait: (wait) => post({ type: 'wait', wait }),
});

async function page(collection: string, { body, ...rest }: Page): Promise<void> {
  sequence += 1;
  ahead += 1;
  // A copy of its own, so that it can be handed over instead of being copied between the threads.
  const bytes = new Uint8Array(body);
  post({ ...rest, type: 'page', sequence, collection, rawCollection: rest.rawCollection ?? collection, body: bytes }, [bytes.buffer]);
  while (ahead >= PAGES_AHEAD) await new Promise<void>((resolve) => { wake = resolve; });
}

const outcome = await readCollections(connector, input, http, abort.signal, {
  page,
  collection: (collection, state, { error, fullPass } = {}) => post({ type: 'collection', collection, state, ...(error !== undefined && { error }), ...(fullPass !== undefined && { fullPass }) }),
  warn: (message) => post({ type: 'warning', message }),
});
while (ahead > 0) await new Promise<void>((resolve) => { wake = resolve; });
await http.close();
post({ type: 'end', outcome, quotas: admissions.told() });
port.close();
