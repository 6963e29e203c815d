import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { topicNames } from '#contracts';
import { pythonPackages, startStripeSimulator, type StripeSimulator } from '#testing';
import { inheritedEnvironment } from '../../deploy/local/src/prepare-job.js';
import { root } from '../../deploy/local/src/project.js';
import { eventually } from './support/eventually.js';
import { Product } from './support/product.js';

/** The examples that downstream teams start from, as they stand in docs/consumers, against live topics. */
const cache = join(root, '.cache', 'consumers');
const example = (...path: string[]): string => join(root, 'docs', 'consumers', ...path);

interface Line { readonly id: string; readonly version: string; readonly deleted: boolean; readonly type: string }

let product: Product;
let partner: StripeSimulator;
let brokers: readonly string[];
const children: ChildProcess[] = [];

beforeAll(async () => {
  product = await Product.start();
  brokers = product.brokers;
  partner = await startStripeSimulator({ apiKey: product.secrets.simulatorKey, data: { customers: 30, days: 60 } });
  await product.connectWarehouse();
  const source = await product.createStripe(partner.url, { name: 'Shop', collections: ['customers'] });
  expect((await product.newestRunEnds(source.id)).state).toBe('succeeded');
}, 300_000);
afterAll(async () => {
  for (const child of children) child.kill('SIGTERM');
  await partner?.stop();
  await product?.stop();
}, 120_000);

/** What the program has printed so far: the last line of each record. */
function follow(command: string, args: readonly string[], group: string, env: Readonly<Record<string, string>> = {}): Map<string, Line> {
  const state = new Map<string, Line>();
  const child = spawn(command, args, {
    cwd: root, stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...inheritedEnvironment(), ...env, KAFKA_BROKERS: brokers.join(','), TOPIC: topicNames.objects(product.topicPrefix, 'stripe', 'customers'), GROUP: `${product.topicPrefix}${group}` },
  });
  children.push(child);
  createInterface({ input: child.stdout }).on('line', (text) => { const line = JSON.parse(text) as Line; state.set(line.id, line); });
  return state;
}

/** Until the program holds exactly the warehouse's live rows, and then a change and a deletion as well. */
async function agrees(state: Map<string, Line>): Promise<void> {
  await eventually('the rows are loaded', async () => (await product.warehouse.count('shop', 'customers') === 30 ? true : undefined));
  const rows = () => product.warehouse.rows<{ id: string; version: string; deleted: boolean }>('select id, _version::text as version, is_deleted as deleted from shop.customers order by id');
  const printed = () => [...state.values()].map(({ id, version, deleted }) => ({ id, version, deleted })).sort((a, b) => (a.id < b.id ? -1 : 1));
  await eventually('the consumer holds what the warehouse holds', async () => {
    const expected = await rows();
    return expected.length === 30 && JSON.stringify(printed()) === JSON.stringify(expected) ? true : undefined;
  }, { context: () => JSON.stringify(printed().slice(0, 3)) });
  expect(new Set([...state.values()].map(({ type }) => type))).toEqual(new Set(['cloud-sources.object.v1']));
}

describe('docs/consumers', () => {
  it('TypeScript reads an object collection', async () => {
    const { outputText } = ts.transpileModule(readFileSync(example('typescript', 'consumer.ts'), 'utf8'), { compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 } });
    mkdirSync(cache, { recursive: true });
    writeFileSync(join(cache, 'consumer.mjs'), outputText);
    await agrees(follow(process.execPath, [join(cache, 'consumer.mjs')], 'typescript'));
  }, 200_000);

  it('Python reads an object collection', async () => {
    await agrees(follow('python3', [example('python', 'consumer.py')], 'python', { PYTHONPATH: await pythonPackages('confluent-kafka==2.16.1') }));
  }, 300_000);
});
