import { connect } from 'node:net';

const METADATA = 3;
const VERSION = 4;

/**
 * Asks a broker for the cluster's metadata (Metadata request, version 4, no topics). True when it answers and lists at
 * least one broker, which a broker does once it is unfenced and takes requests.
 */
export function brokerAnswers(port: number, host = '127.0.0.1', timeoutMs = 2000): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host });
    const done = (answer: boolean): void => { socket.destroy(); resolve(answer); };
    let received = Buffer.alloc(0);
    socket.setTimeout(timeoutMs, () => done(false));
    socket.once('error', () => done(false)).once('close', () => done(false));
    socket.once('connect', () => { socket.write(request()); });
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      // size, correlation id, throttle time, number of brokers: an INT32 each
      if (received.length >= 16) done(received.readInt32BE(4) === 1 && received.readInt32BE(12) > 0);
    });
  });
}

function request(): Buffer {
  const client = Buffer.from('cloud-sources');
  const body = Buffer.alloc(15 + client.length);
  let at = body.writeInt16BE(METADATA, 0);
  at = body.writeInt16BE(VERSION, at);
  at = body.writeInt32BE(1, at); // correlation id
  at = body.writeInt16BE(client.length, at);
  at += client.copy(body, at);
  at = body.writeInt32BE(0, at); // no topics
  body.writeInt8(0, at); // and none created
  const size = Buffer.alloc(4);
  size.writeInt32BE(body.length);
  return Buffer.concat([size, body]);
}
