import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Problem } from './problem.js';

/** What the local stack makes up for itself on its first start. */
export interface Secrets {
  /** `<key id>:<32 bytes in base64>` */
  readonly vaultKey: string;
  readonly postgresPassword: string;
  readonly ownerPassword: string;
  /** Bearer key for the REST API. */
  readonly apiKey: string;
  /** The demo's key at the simulator. */
  readonly simulatorKey: string;
  /** With which the simulators of Stripe and Zendesk sign their webhooks. */
  readonly webhookSecret: string;
  /** With which the stack is registered as OAuth client at the simulators of Zendesk and Salesforce. */
  readonly oauthClientSecret: string;
  /** With which events to the demo's destination are signed. */
  readonly destinationSecret: string;
}

const FILE = 'secrets.json';
/** Not in the files of the first version: made when they aren't there. */
const LATER: readonly (keyof Secrets)[] = ['oauthClientSecret', 'destinationSecret'];
const token = (bytes: number): string => randomBytes(bytes).toString('hex');

export const newSecrets = (): Secrets => ({
  vaultKey: `local:${randomBytes(32).toString('base64')}`,
  postgresPassword: token(16),
  ownerPassword: token(8),
  apiKey: `cs_${token(24)}`,
  simulatorKey: `sk_test_${token(16)}`,
  webhookSecret: `whsec_${token(16)}`,
  oauthClientSecret: token(24),
  destinationSecret: `whsec_${randomBytes(32).toString('base64')}`,
});

function save(file: string, secrets: Partial<Secrets>): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** The secrets of this folder, made on the first call. Only their owner can read the file. */
export function loadSecrets(dir: string): Secrets {
  mkdirSync(dir, { recursive: true });
  const file = join(dir, FILE);
  if (!existsSync(file)) save(file, newSecrets());
  chmodSync(file, 0o600);
  let found: Partial<Secrets>;
  try { found = JSON.parse(readFileSync(file, 'utf8')) as Partial<Secrets>; } catch { found = {}; }
  const missing = (Object.keys(newSecrets()) as (keyof Secrets)[]).filter((name) => typeof found[name] !== 'string' && !LATER.includes(name));
  if (missing.length > 0) throw new Problem(`${file} lacks ${missing.join(', ')}. Without them the data can't be read: bring the file back, or delete the folder ${dir} to begin anew.`);
  if (LATER.some((name) => typeof found[name] !== 'string')) save(file, found = { ...newSecrets(), ...found });
  return found as Secrets;
}
