import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pythonPackages, startStripeSimulator } from '#testing';
import { inheritedEnvironment } from '../../../deploy/local/src/prepare-job.js';
import { root } from '../../../deploy/local/src/project.js';
import { gatewayUrl } from '../../../deploy/local/src/services.js';
import { Product } from './product.js';

const SCHEMATHESIS = 'schemathesis==4.32.5';

/** What it makes requests of: the document's examples, the edges of each schema, and anything at all. Not sequences: one would revoke the key in use. */
const PHASES = 'examples,coverage,fuzzing';
/** An answer of the 500s, one that isn't documented, and one that isn't what its document says. */
const CHECKS = 'not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance';
/** A stream never ends; the identity provider's routes lead elsewhere. */
const LEFT_OUT = ['/api/v1/live', '/api/v1/oidc/start', '/api/v1/oidc/callback', '/api/v1/oauth/callback'];

interface Fuzz {
  /** Per operation and phase. */
  readonly examples: number;
  /** Left out: the same requests every time. */
  readonly seed?: number;
  /** So long at the most, in seconds. */
  readonly seconds: number;
}

/** A gateway with a warehouse and a source to be asked about, and without limits. `stop` also stops their partner. */
export async function fuzzedProduct(java?: string): Promise<{ readonly product: Product; readonly stop: () => Promise<void> }> {
  const product = await Product.start({ services: ['gateway'], env: { RATE_LIMIT_PER_MINUTE: '0', RATE_LIMIT_ANONYMOUS_PER_MINUTE: '0' }, ...(java !== undefined && { java }) });
  const partner = await startStripeSimulator({ apiKey: product.secrets.simulatorKey, data: { customers: 1, days: 1 } });
  const stop = async (): Promise<void> => { await partner.stop(); await product.stop(); };
  try {
    await product.connectWarehouse();
    await product.createStripe(partner.url, { name: 'Shop', collections: ['customers'] });
  } catch (error) {
    await stop();
    throw error;
  }
  return { product, stop };
}

/** Throws requests made of the OpenAPI document at the running gateway, as an owner. @returns what was found, in words; undefined: nothing */
export async function fuzz(product: Product, { examples, seed, seconds }: Fuzz): Promise<string | undefined> {
  const url = gatewayUrl(product.ports);
  const args = [
    '-m', 'schemathesis.cli', 'run', `${url}/api/docs-json`, '--url', url, '-H', `authorization: Bearer ${product.secrets.apiKey}`, '--phases', PHASES, '--checks', CHECKS, '--max-examples', String(examples), '--max-time', String(seconds),
    ...(seed === undefined ? ['--generation-deterministic'] : ['--seed', String(seed), '--generation-database', 'none']), '--continue-on-failure', '--suppress-health-check', 'all', '--request-timeout', '60', '--no-shrink', '--no-color', '--warnings', 'off', ...LEFT_OUT.flatMap((path) => ['--exclude-path', path]),
  ];
  // It writes what it found down where it runs.
  const notes = join(root, '.cache', 'schemathesis');
  mkdirSync(notes, { recursive: true });
  const child = spawn('python3', args, { cwd: notes, stdio: ['ignore', 'pipe', 'pipe'], env: { ...inheritedEnvironment(), PYTHONPATH: await pythonPackages(SCHEMATHESIS), PYTHONDONTWRITEBYTECODE: '1' } });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => { said += text; });
  const code = await new Promise<number | null>((resolve, reject) => { child.once('error', reject).once('close', resolve); });
  if (!/\d+ (generated|passed|tested)|No issues found/i.test(said)) throw new Error(`Schemathesis tested nothing:\n${said.slice(-4_000)}`);
  return code === 0 ? undefined : said;
}
