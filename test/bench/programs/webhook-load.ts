/**
 * S4's sender: signed webhooks over so many kept connections, as raw HTTP/1.1 on sockets, since a full client would
 * take more of the machine than the server. RATE 0: every connection sends again when it was answered. Otherwise
 * requests are due at fixed moments, and a latency counts from the moment its request was due. Prints one object.
 */
import { connect, type Socket } from 'node:net';
import { signedEvents } from '../measure/stripe-events.js';
import { percentile } from '../measure/report.js';

const { TARGET = '', SECRET = '', CONNECTIONS = '64', RATE = '0', WARM_SECONDS = '2', SECONDS = '8', EXPECTED = '10000' } = process.env;
const { host, hostname, port, pathname } = new URL(TARGET);
const [rate, warmMs, lastMs] = [Number(RATE), Number(WARM_SECONDS) * 1000, (Number(WARM_SECONDS) + Number(SECONDS)) * 1000];

// more than are expected: a request that comes a second time is as real as the first one
const requests = signedEvents(Number(EXPECTED), SECRET).map(({ body, signature }) => Buffer.from(
  `POST ${pathname} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json; charset=utf-8\r\nstripe-signature: ${signature}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
));

let sent = 0;
const latencies: number[] = [];
const statuses: Record<string, number> = {};
let answered = 0;

interface Connection { readonly socket: Socket; due: number; text: string; busy: boolean }
const idle: Connection[] = [];
const late: number[] = [];
let begin = 0;
const now = (): number => performance.now() - begin;

function send(connection: Connection, due: number): void {
  connection.due = due;
  connection.busy = true;
  connection.socket.write(requests[sent++ % requests.length] as Buffer);
}

function free(connection: Connection): void {
  connection.busy = false;
  if (rate === 0) { if (now() < lastMs) send(connection, now()); return; }
  const due = late.shift();
  if (due === undefined) idle.push(connection); else send(connection, due);
}

function take(connection: Connection, chunk: string): void {
  connection.text += chunk;
  const head = connection.text.indexOf('\r\n\r\n');
  if (head < 0) return;
  const length = Number(/content-length: (\d+)/i.exec(connection.text)?.[1] ?? 0);
  if (connection.text.length < head + 4 + length) return;
  const status = connection.text.slice(9, 12);
  connection.text = '';
  const at = now();
  if (connection.due >= warmMs && connection.due < lastMs) {
    statuses[status] = (statuses[status] ?? 0) + 1;
    latencies.push(at - connection.due);
  }
  if (at >= warmMs && at < lastMs && status === '200') answered += 1;
  free(connection);
}

const connections = await Promise.all(Array.from({ length: Number(CONNECTIONS) }, () => new Promise<Connection>((resolve, reject) => {
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  const connection: Connection = { socket, due: 0, text: '', busy: false };
  socket.setEncoding('latin1').on('data', (chunk: string) => take(connection, chunk)).once('error', reject).once('connect', () => resolve(connection));
})));
begin = performance.now();
for (const connection of connections) free(connection);
if (rate > 0) {
  let planned = 0;
  const timer = setInterval(() => {
    for (; planned / rate * 1000 <= Math.min(now(), lastMs); planned++) {
      const due = planned / rate * 1000;
      const connection = idle.pop();
      if (connection === undefined) late.push(due); else send(connection, due);
    }
    if (now() > lastMs) clearInterval(timer);
  }, 1);
}

setTimeout(() => {
  const { user, system } = process.cpuUsage();
  const unanswered = connections.filter(({ busy }) => busy).length + late.length;
  process.stdout.write(`${JSON.stringify({
    perSecond: answered / Number(SECONDS), p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99), refused: latencies.length - (statuses['200'] ?? 0), unanswered, cpu: (user + system) / 1e6,
  })}\n`, () => setTimeout(() => undefined, 2 ** 30)); // ended by who started it, which would start it again otherwise
}, lastMs + 2000);
