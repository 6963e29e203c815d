import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { CollectionDeclaration } from '#connector-kit';
import { connectorNames, loadConnector } from '#connectors';
import { groupNames, recordTopic, topicNames } from '#contracts';
import { RecordProducer, clusterId, createKafka } from '#kafka';
import { AccountRepository, ModelRunRepository, QueryRepository, SelectionRepository, SourceRepository, WarehouseRepository, openDatabase, type DataSource } from '#persistence';
import { Health, Logger, Metrics, kafkaSettings } from '#platform';
import { createVault, parseKeyRing, sealContext, type Vault } from '#vault';
import { PostgresModelStore, PostgresReader } from '#warehouse';
import { Directory } from './directory.js';
import { ModelWorker } from './models/model-worker.js';
import { WarehouseLoaderConfig } from './warehouse-loader.config.js';
import { WarehouseRunner, type RunnerContext } from './warehouse-runner.js';

/** Runs one loader for every enabled warehouse of the control database, and follows its changes. */
@Injectable()
export class WarehouseLoaderService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly runners = new Map<string, WarehouseRunner>();
  private readonly vault: Vault;
  private database: DataSource | undefined;
  private producer: RecordProducer | undefined;
  private timer: NodeJS.Timeout | undefined;
  private turning: Promise<void> = Promise.resolve();
  private stopping = false;
  private failing = false;

  constructor(private readonly config: WarehouseLoaderConfig, private readonly logger: Logger, private readonly metrics: Metrics, private readonly health: Health) {
    this.vault = createVault(parseKeyRing(config.vaultKeys));
  }

  async onApplicationBootstrap(): Promise<void> {
    const { topicPrefix: prefix, batchRows, batchBytes, lingerMs } = this.config;
    const { logger, metrics, health } = this;
    const kafka = createKafka(kafkaSettings(this.config, 'warehouse-loader'), logger);
    const producer = this.producer = new RecordProducer(kafka, { concurrency: 1 });
    await producer.connect();
    const database = this.database = await openDatabase({ url: this.config.databaseUrl, applicationName: 'warehouse-loader', poolSize: 3 });
    const collections = new Map<string, CollectionDeclaration>();
    const topics: { readonly connector: string; readonly collection: string | undefined; readonly topic: string }[] = [];
    for (const connector of connectorNames) {
      const { declaration } = await loadConnector(connector);
      if (declaration.discovered !== undefined) topics.push({ connector, collection: undefined, topic: recordTopic(prefix, connector, declaration.discovered.topic, 'object') });
      for (const collection of declaration.collections) {
        collections.set(`${connector}/${collection.name}`, collection);
        topics.push({ connector, collection: collection.name, topic: recordTopic(prefix, connector, collection.name, collection.kind) });
      }
    }
    const sources = new SourceRepository(database);
    const account = new AccountRepository(database);
    const selections = new SelectionRepository(database);
    const directory = new Directory(async () => {
      const versions = await selections.versions();
      return { versions, sources: await sources.all() };
    }, (connector, collection) => collections.get(`${connector}/${collection}`), (sourceId) => account.described(sourceId));
    const deadLetterTopic = topicNames.deadLetter(prefix, 'warehouse-loader');
    const context: RunnerContext = {
      kafka, directory, selections, logger, metrics, health,
      topics: topics.map(({ topic }) => topic),
      // Collections that only an account knows share one topic.
      topicsOf: (connector, some) => topics.filter((one) => one.connector === connector && (
        some === null || (one.collection === undefined ? some.some((name) => !collections.has(`${connector}/${name}`)) : some.includes(one.collection)))).map(({ topic }) => topic),
      clusterId: await clusterId(kafka),
      limits: { batchRows, batchBytes, lingerMs },
      groupId: (warehouseId) => groupNames.loader(prefix, warehouseId),
      models: this.modelsOf(database, producer),
      bury: async (letters) => { await Promise.all(letters.map((letter) => producer.send(deadLetterTopic, letter))); },
    };
    await this.turn(directory, new WarehouseRepository(database), context);
    health.ready('warehouses', true);
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping = true;
    clearTimeout(this.timer);
    await this.turning;
    await Promise.all([...this.runners.values()].map((runner) => runner.stop()));
    await this.producer?.disconnect();
    await this.database?.destroy();
  }

  private modelsOf(database: DataSource, producer: RecordProducer): RunnerContext['models'] {
    const { topicPrefix, modelTimeoutSeconds, modelMaxRows } = this.config;
    const [runs, queries] = [new ModelRunRepository(database), new QueryRepository(database)];
    return (warehouseId, url) => new ModelWorker(warehouseId, {
      runs, topicPrefix, limits: { timeoutMs: modelTimeoutSeconds * 1000, maxRows: modelMaxRows }, metrics: this.metrics, logger: this.logger.with({ warehouseId }), store: new PostgresModelStore(url),
      send: (topic, message) => producer.send(topic, message),
      reader: async () => {
        const { role, sealed, given } = await queries.reader(warehouseId, (password) => this.vault.seal(password, sealContext.warehouseReader(warehouseId)));
        return new PostgresReader({ url, role, given, password: this.vault.open(sealed, sealContext[given ? 'warehouseLogin' : 'warehouseReader'](warehouseId)), slugs: await queries.slugs(warehouseId), warehouseId });
      },
    });
  }

  /** Reads what changed in the control database; while it is away, everything goes on as it was. */
  private async turn(directory: Directory, warehouses: WarehouseRepository, context: RunnerContext): Promise<void> {
    const work = async (): Promise<void> => {
      try {
        await directory.refresh();
        await this.follow(warehouses, context);
        await Promise.all([...this.runners.values()].map((runner) => runner.turn()));
        this.failing = false;
      } catch (error) {
        this.metrics.errors.inc({ kind: error instanceof Error ? error.name : 'unknown', stage: 'control' });
        if (!this.failing) this.logger.error('The control database can not be read; loading goes on with what is known.', { error: error instanceof Error ? `${error.name}: ${error.message}` : typeof error });
        this.failing = true;
      }
      this.health.tick('control');
    };
    this.turning = work();
    await this.turning;
    if (!this.stopping) this.timer = setTimeout(() => { void this.turn(directory, warehouses, context); }, this.config.refreshMs);
  }

  private async follow(warehouses: WarehouseRepository, context: RunnerContext): Promise<void> {
    const wanted = new Map((await warehouses.all()).filter(({ enabled }) => enabled).map((warehouse) => [warehouse.id, warehouse]));
    for (const [id, runner] of this.runners) {
      if (wanted.get(id)?.urlSealed === runner.urlSealed) continue;
      this.runners.delete(id);
      await runner.stop();
    }
    for (const { id, urlSealed } of wanted.values()) {
      if (this.runners.has(id) || this.stopping) continue;
      let url: string;
      try {
        url = this.vault.open(urlSealed, sealContext.warehouseUrl(id));
      } catch (error) {
        this.metrics.errors.inc({ kind: 'vault', stage: 'control' });
        this.logger.error('The address of a warehouse can not be opened; it is left out.', { warehouseId: id, reason: (error as Error).message });
        continue;
      }
      const runner = new WarehouseRunner(id, urlSealed, url, context);
      this.runners.set(id, runner);
      runner.start();
      this.logger.info('Loading into a warehouse.', { warehouseId: id });
    }
  }
}
