import assert from 'node:assert/strict';
import type { RawRecordMeta } from '#contracts';
import type { Connector, NormalizedRecord, WebhookRequest } from '../connector.js';
import type { ConformanceCase, ConformanceHarness } from './harness.js';
import { normalizePages, pageMeta, parseRecords } from './read-source.js';
import { TestBed } from './test-bed.js';

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

export function recordCases(connector: Connector, harness: ConformanceHarness): ConformanceCase[] {
  const bed = (work: (bed: TestBed) => Promise<void>) => () => TestBed.use(connector, harness, 'filled', work);
  const { declaration } = connector;

  return [
    { name: '§5.1 normalisation is deterministic, changes no input and doesn\'t depend on the order', run: bed(async (one) => {
      const { pages } = await one.readAll();
      for (const page of pages) {
        const meta = pageMeta(connector, page);
        const forwards = parseRecords(page.page).map((record) => texts(connector.normalize(record, meta)));
        const inputs = parseRecords(page.page);
        const before = JSON.stringify(inputs);
        const backwards = [...inputs].reverse().map((record) => texts(connector.normalize(record, meta))).reverse();
        assert.deepEqual(backwards, forwards, meta.collection);
        assert.equal(JSON.stringify(inputs), before, `${meta.collection}: normalize changed its input`);
      }
    }) },
    { name: '§5.2 every record belongs to a declared collection and can be delivered', run: bed(async (one) => {
      const { pages } = await one.readAll();
      for (const { reader, page } of pages) {
        assert.ok([...one.all, declaration.webhook?.rawCollection].includes(page.rawCollection ?? reader), `the pages of ${page.rawCollection ?? reader} belong to no declared collection`);
        for (const [name, count] of Object.entries(page.counts)) assert.ok(one.all.includes(name) && Number.isSafeInteger(count) && count >= 0, `${reader} counts ${count} ${name}`);
        assert.ok(Number.isSafeInteger(page.observedAt) && page.observedAt > 0, `${reader}: observedAt`);
        assert.match(page.request, /^\//, `${reader}: request`);
      }
      const { records, failures } = normalizePages(connector, pages);
      assert.deepEqual(failures, []);
      for (const record of records) assertDeliverable(connector, record);
    }) },
    ...webhookCases(connector, harness),
  ];
}

function webhookCases(connector: Connector, harness: ConformanceHarness): ConformanceCase[] {
  const { webhook: handler, declaration } = connector;
  if (handler === undefined) return [];
  const lack = (what: string): never => assert.fail(`the connector takes webhooks but ${what}`);
  const { newSecret, deliver, timestamped, signed = true } = harness.webhook ?? lack('the harness has none');
  const raw = declaration.webhook ?? lack('its declaration says nothing of them');
  const now = Date.now();
  const reason = (request: WebhookRequest, secrets: readonly string[]): string => {
    const verdict = handler.verify(request, secrets);
    return verdict.ok ? 'ok' : verdict.reason;
  };
  const records = (request: WebhookRequest): (NormalizedRecord | { failure: unknown })[] => {
    const kept = handler.keep?.(request.body) ?? { body: request.body, recordsAt: '' };
    const meta: RawRecordMeta = {
      id: 'delivery', workspaceId: 'w_1', sourceId: 's_1', connector: declaration.name, collection: raw.rawCollection, component: 'webhook',
      receivedAt: new Date(request.receivedAt).toISOString(), observedAt: request.receivedAt, recordsAt: kept.recordsAt,
    };
    return parseRecords(kept).flatMap((record) => [...connector.normalize(record, meta)]);
  };

  return [
    { name: '§7.1 a signed delivery is taken, also while secrets rotate', run: async () => {
      const [old, current] = [newSecret(), newSecret()];
      assert.deepEqual({ ...handler.verify(deliver(current, now), [current]), deliveryId: '' }, { ok: true, deliveryId: '', secret: 0 });
      assert.deepEqual({ ...handler.verify(deliver(old, now), [current, old]), deliveryId: '' }, { ok: true, deliveryId: '', secret: 1 });
    } },
    { name: '§7.2 a wrong secret, other bytes, no signature or no secret are refused', run: async () => {
      const secret = newSecret();
      const request = deliver(secret, now);
      assert.equal(reason(request, [newSecret()]), 'bad_signature');
      assert.notEqual(reason({ ...request, body: Buffer.alloc(0) }, [secret]), 'ok');
      if (signed) {
        assert.equal(reason({ ...request, body: Buffer.concat([request.body, Buffer.from(' ')]) }, [secret]), 'bad_signature');
        assert.equal(reason({ ...request, body: Buffer.alloc(0) }, [secret]), 'bad_signature');
        assert.notEqual(reason({ ...request, headers: {} }, [secret]), 'ok');
      }
      assert.equal(reason(request, []), 'no_secret');
      assert.equal(reason(deliver('', now), ['']), 'no_secret');
    } },
    ...(timestamped ? [{ name: '§7.3 an old delivery played again, or one from the future, is refused', run: async () => {
      const secret = newSecret();
      for (const away of [-86_400_000, 86_400_000]) assert.equal(reason({ ...deliver(secret, now), receivedAt: now - away }, [secret]), 'stale_timestamp');
    } }] : []),
    { name: '§7.4 a delivery that comes twice has one id, and its records the same ids', run: async () => {
      const secret = newSecret();
      const [first, again] = [deliver(secret, now), deliver(secret, now + 60_000)];
      const verdicts = [first, again].map((request) => handler.verify(request, [secret]));
      assert.ok(verdicts.every((verdict) => verdict.ok));
      assert.deepEqual(verdicts[0], verdicts[1]);
      const keys = (request: WebhookRequest) => records(request).map((item) => 'failure' in item ? item : [item.collection, item.kind, item.id, item.version]);
      assert.deepEqual(keys(again), keys(first));
    } },
    { name: '§7.5 a delivery becomes records of declared collections', run: async () => {
      const found = records(deliver(newSecret(), now));
      assert.ok(found.length > 0, 'the delivery became nothing');
      for (const item of found) 'failure' in item ? assert.fail(JSON.stringify(item)) : assertDeliverable(connector, item);
    } },
    { name: '§6.2 a verdict quotes neither the secret nor the signature', run: async () => {
      const secret = newSecret();
      const request = deliver(secret, now);
      for (const secrets of [[secret], [newSecret()], []]) {
        const text = JSON.stringify(handler.verify({ ...request, headers: { ...request.headers } }, secrets));
        for (const hidden of [secret, ...Object.values(request.headers).flat()]) if (hidden !== undefined && hidden.length > 30) assert.ok(!text.includes(hidden));
      }
    } },
  ];
}

function assertDeliverable(connector: Connector, record: NormalizedRecord): void {
  const declared = connector.declaration.collections.find(({ name }) => name === record.collection);
  const where = `${record.collection}/${record.id}`;
  assert.ok(declared !== undefined, `${where}: the collection isn't declared`);
  assert.equal(record.kind, declared.kind, `${where}: kind`);
  assert.ok(typeof record.id === 'string' && record.id !== '', `${where}: id`);
  assert.ok(Number.isSafeInteger(record.version) && record.version >= 0, `${where}: version ${record.version}`);
  if (record.kind === 'object') return;
  assert.match(record.event ?? '', /^[a-z0-9]+(_[a-z0-9]+)*$/, `${where}: event`);
  assert.ok(INSTANT.test(record.timestamp ?? '') && !Number.isNaN(Date.parse(record.timestamp ?? '')), `${where}: timestamp ${record.timestamp}`);
}

const texts = (items: ReturnType<Connector['normalize']>): string => JSON.stringify(items);
