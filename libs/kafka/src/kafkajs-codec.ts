import { createRequire } from 'node:module';
import { hideAborted, type FetchedMessage } from './aborted-transactions.js';
import { decompress } from './compression/decompress.js';
import { rememberCoordinators } from './coordinators.js';
import { decodeBatches, isRecordBatch } from './record-batch/decode.js';
import { FETCH_VERSIONS, decodeFetch } from './record-batch/fetch-answer.js';
import { encodeProduce, type ProduceRequest } from './record-batch/produce-request.js';

/** The version whose inner modules these are; another one must be looked at first. */
const KNOWN_VERSION = '2.2.4';
/** Produce versions whose request is the same, with record batches. */
const PRODUCE_VERSIONS = [3, 4, 5, 6, 7];

interface Encodable { readonly buf: Buffer; readonly buffer: Buffer }
interface Request { encode(): Promise<Encodable> }
interface Response { decode(raw: Buffer): Promise<unknown> }
interface ProduceArguments extends ProduceRequest { readonly compression?: number }
interface Definition<A> { protocol: (choice: { readonly version: number }) => (args: A) => { readonly request: Request; readonly response: Response } }
type OldMessages = (decoder: object, size: number) => Promise<readonly FetchedMessage[]>;

let done = false;

/**
 * Puts our record batches in place of kafkajs's, in this process: its encoder makes about twenty buffers for each record and
 * copies each batch six times, its decoder as many objects as there are headers. Also hides what was aborted, and
 * remembers who coordinates.
 * @throws Error with another kafkajs than the one that this was written for
 */
export function installCodec(): void {
  if (done) return;
  const load = createRequire(import.meta.url);
  const { version } = load('kafkajs/package.json') as { version: string };
  if (version !== KNOWN_VERSION) throw new Error(`libs/kafka replaces parts of kafkajs ${KNOWN_VERSION}, but ${version} is installed: read kafkajs-codec.ts, adapt it and run its specs.`);
  done = true;

  const produce = load('kafkajs/src/protocol/requests/produce') as Definition<ProduceArguments>;
  const produceOf = produce.protocol;
  produce.protocol = (choice) => {
    const made = produceOf(choice);
    if (!PRODUCE_VERSIONS.includes(Number(choice.version))) return made;
    return (args) => {
      const { request, response } = made(args);
      if ((args.compression ?? 0) !== 0) return { request, response };
      const encode = async (): Promise<Encodable> => {
        const buf = encodeProduce(args, Date.now());
        return { buf, buffer: buf };
      };
      return { response, request: { ...request, encode } };
    };
  };

  rememberCoordinators((load('kafkajs/src/cluster') as { prototype: Parameters<typeof rememberCoordinators>[0] }).prototype);

  const Decoder = load('kafkajs/src/protocol/decoder') as new (bytes: Buffer) => object;
  const oldMessages = load('kafkajs/src/protocol/messageSet/decoder') as OldMessages;
  const read = (bytes: Buffer): Promise<readonly FetchedMessage[]> => (isRecordBatch(bytes) ? decodeBatches(bytes, decompress) : oldMessages(new Decoder(bytes), bytes.length));
  for (const fetchVersion of FETCH_VERSIONS) {
    const response = load(`kafkajs/src/protocol/requests/fetch/v${fetchVersion}/response.js`) as Response;
    response.decode = async (raw) => {
      const answer = await decodeFetch(raw, fetchVersion, read);
      for (const { partitions } of answer.responses) partitions.forEach(hideAborted);
      return answer;
    };
  }
}
