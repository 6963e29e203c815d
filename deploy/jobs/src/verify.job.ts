import { parseArgs } from 'node:util';
import { isFinal } from '#contracts';
import { createKafka } from '#kafka';
import { RunRequestRepository, SourceRepository, openDatabase, type SourceTarget } from '#persistence';
import { kafkaSettings, type Logger } from '#platform';
import { createVault, parseKeyRing } from '#vault';
import { verifyStored, type SourceVerdict, type WarehouseVerdict } from '#verification';
import type { VerifyConfig } from './verify.config.js';

/** How long records may be on their way before their absence counts, in ms. */
const SETTLE_MS = 30_000;
/** Zendesk exports a change after a minute, and what Salesforce has of the last two isn't taken for read. */
const PARTNER_SETTLE_MS = 240_000;
const POLL_MS = 500;
/** Sources that are verified at the same time. */
const AT_ONCE = 4;

/**
 * `verify [--sync] [--source <slug>] [--json]`: every source's partner, topics and warehouse, counted and compared per
 * collection. With `--sync` each source is synced first, which a partner that changes all the time needs.
 * @throws Error when there is a difference, so that the exit status says it, too.
 */
export async function verify(config: VerifyConfig, logger: Logger): Promise<void> {
  const { values } = parseArgs({ options: { sync: { type: 'boolean', default: false }, source: { type: 'string' }, json: { type: 'boolean', default: false } } });
  const database = await openDatabase({ url: config.databaseUrl, applicationName: 'cloud-sources verify', poolSize: 2 });
  const vault = createVault(parseKeyRing(config.vaultKeys));
  const kafka = createKafka(kafkaSettings(config, 'verify'), logger);
  try {
    const sources = (await new SourceRepository(database).all()).filter(({ deleted, slug }) => !deleted && (values.source === undefined || slug === values.source));
    if (sources.length === 0) throw new Error(values.source === undefined ? 'There is no source to verify.' : `There is no source with the slug ${values.source}.`);
    const verdicts: WarehouseVerdict[] = [];
    const waiting = sources.values();
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      for (const source of waiting) {
        const found = await verifyStored(source, {
          database, vault, kafka, topicPrefix: config.topicPrefix, allowPrivateAddresses: config.allowPrivateAddresses, signal: new AbortController().signal,
          settleMs: SETTLE_MS, partnerSettleMs: PARTNER_SETTLE_MS, ...(values.sync && { sync: () => syncNow(new RunRequestRepository(database), source) }),
        });
        verdicts.push(...found);
        if (!values.json) process.stdout.write(`${found.map(table).join('\n')}\n`);
      }
    }));
    if (values.json) process.stdout.write(`${JSON.stringify(verdicts, null, 2)}\n`);
    const difference = verdicts.reduce((sum, verdict) => sum + verdict.difference, 0);
    if (!values.json) process.stdout.write(`difference ${difference}\n`);
    if (difference !== 0) throw new Error(`${difference} records are not the same at the partner, in the topics and in the warehouse.`);
  } finally {
    await database.destroy();
  }
}

/** Asks for a run, or takes the one that is under way, and waits for its end. */
async function syncNow(runs: RunRequestRepository, { workspaceId, id, slug }: SourceTarget): Promise<void> {
  const asked = await runs.request(workspaceId, id, 0);
  if ('refused' in asked && asked.refused !== 'active') throw new Error(`The source ${slug} can't be synced: ${asked.refused}.`);
  const runId = 'run' in asked ? asked.run.id : asked.runId;
  for (;;) {
    const run = await runs.get(workspaceId, runId);
    if (run === undefined || isFinal(run.state)) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** A star where the checksums aren't the same everywhere. */
const mark = (sums: { readonly partner?: string; readonly topic: string; readonly warehouse: string }): string => ([sums.warehouse, sums.partner ?? sums.topic].every((sum) => sum === sums.topic) ? ' ' : '*');

/** A verdict as text: one line a collection, the records that differ below it. */
function table({ slug, collections, difference, apiCalls }: SourceVerdict): string {
  const cell = (value: string | number, width: number): string => String(value).padStart(width);
  const width = Math.max(...collections.map(({ collection }) => collection.length), 10);
  const lines = [`${slug}`, `${'collection'.padEnd(width)} ${cell('partner', 10)} ${cell('topic', 10)} ${cell('warehouse', 10)} ${cell('difference', 10)}  ${'ids (topic)'.padEnd(16)}  versions (topic)`];
  for (const verdict of collections) {
    lines.push(`${verdict.collection.padEnd(width)} ${cell(verdict.partner ?? '–', 10)} ${cell(verdict.topic, 10)} ${cell(verdict.warehouse, 10)} ${cell(verdict.difference, 10)}  ${verdict.ids.topic}${mark(verdict.ids)} ${verdict.versions.topic}${mark(verdict.versions)}${verdict.note === undefined ? '' : `  ${verdict.note}`}`);
    for (const { id, problem } of verdict.examples) lines.push(`  ${id}: ${problem}`);
  }
  lines.push(`${collections.length} collections, ${apiCalls} API calls, difference ${difference}`);
  return lines.join('\n');
}
