import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { startLane, type LaneInput, type LaneReport } from './lane.js';

/** What this thread tells: of its lane, and the words of its Kafka client. */
export type BulkMessage = LaneReport | { readonly type: 'debug' | 'warn'; readonly message: string; readonly fields: object };

/** The bulk lane in a thread of its own: whatever it decodes, splits and encodes holds up no webhook. It loads as little as it needs. */
const port = parentPort;
if (port === null) throw new Error('this file is a worker');
const tell = (message: BulkMessage): void => port.postMessage(message);
/** Nice value (source: setpriority(2)): a sync has time, what came by webhook has none. */
const YIELDING = 5;
// On Linux it is this thread's alone.
if (process.platform === 'linux') setPriority(0, YIELDING);

/** Fields may hold what can't be handed over. */
const words = (type: 'debug' | 'warn') => (message: string, fields: object = {}): void => tell({ type, message, fields: JSON.parse(JSON.stringify(fields)) as object });
const lane = await startLane(workerData as LaneInput, tell, { debug: words('debug'), warn: words('warn') });
port.once('message', () => { void lane.stop().then(() => process.exit()); });
