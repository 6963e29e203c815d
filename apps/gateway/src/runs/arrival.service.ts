import { Inject, Injectable } from '@nestjs/common';
import { topicOf } from '#connector-kit';
import { attribute, groupNames, recordTopic, topicNames } from '#contracts';
import { committedOffsets, createKafka, scanBatches, topicRanges, type Kafka } from '#kafka';
import { ArrivalRepository, RunRequestRepository, type ArrivalTarget, type Ends, type RunEntity } from '#persistence';
import { Logger, kafkaSettings } from '#platform';
import { sealContext, type Vault } from '#vault';
import { PostgresWarehouse } from '#warehouse';
import { Catalog } from '../catalog/catalog.js';
import { GatewayConfig } from '../gateway.config.js';
import { Problem, notFound } from '../http/problem.js';
import { VAULT } from '../tokens.js';
import { behind, notReached } from './arrival.js';
import type { ArrivalDto } from './arrival.dto.js';

/** So many offsets are read to see which of them are the source's records: others are marks of transactions, or gaps. */
const LOOKED_AT = 2_000;

/**
 * How far what a run read has come. Nobody counts on the way: a run that is over is followed to where the topics ended when it was
 * first looked at, by the positions that normaliser and loaders commit with their work.
 */
@Injectable()
export class ArrivalService {
  private readonly asked = new Map<string, Promise<ArrivalDto>>();

  constructor(
    private readonly runs: RunRequestRepository, private readonly arrivals: ArrivalRepository, private readonly catalog: Catalog,
    private readonly config: GatewayConfig, private readonly logger: Logger, @Inject(VAULT) private readonly vault: Vault,
  ) {}

  /** Several who ask at once get one answer. @throws Problem 404, 503 while Kafka is away */
  async of(workspaceId: string, runId: string): Promise<ArrivalDto> {
    const run = await this.runs.get(workspaceId, runId);
    if (run === undefined) throw notFound('run');
    const under = this.asked.get(runId);
    if (under !== undefined) return under;
    const answer = this.look(run).finally(() => this.asked.delete(runId));
    this.asked.set(runId, answer);
    return answer;
  }

  private async look(run: RunEntity): Promise<ArrivalDto> {
    const kafka = createKafka(kafkaSettings(this.config, 'gateway'), this.logger);
    try {
      const pagesOnTheWay = await this.pages(kafka, run);
      const follow = run.finishedAt !== null && pagesOnTheWay === 0;
      const warehouses = await Promise.all((await this.arrivals.warehouses(run.sourceId)).map(async (warehouse) => ({ warehouseId: warehouse.id, name: warehouse.name, onTheWay: await this.records(kafka, run, warehouse, follow) })));
      return { records: run.records, pagesOnTheWay, warehouses, complete: follow && warehouses.every(({ onTheWay }) => onTheWay === 0) };
    } catch (error) {
      this.logger.warn('It can not be told how far a run has come.', { runId: run.id, error: (error as Error).message });
      throw new Problem({ status: 503, code: 'kafka_unavailable', title: 'Kafka can not be asked how far the run has come.', remedy: 'Try again in a moment. What was read is safe.', retryAfterSeconds: 10 });
    }
  }

  private async pages(kafka: Kafka, { id, connector, trigger, finishedAt }: RunEntity): Promise<number> {
    const { topicPrefix: prefix } = this.config;
    const topic = (trigger === 'replay' ? topicNames.replay : topicNames.raw)(prefix, connector);
    let ends = (await this.arrivals.get(id))?.rawEnds;
    if (ends === undefined) {
      ends = Object.fromEntries(((await topicRanges(kafka, [topic])).get(topic) ?? []).filter(({ low, high }) => low !== high).map(({ partition, high }) => [partition, high]));
      if (finishedAt !== null) await this.arrivals.keepRawEnds(id, ends);
    }
    return behind(ends, new Map([...await committedOffsets(kafka, groupNames.normalizer(prefix), topic)].map(([partition, offset]) => [String(partition), offset])));
  }

  /** @param follow everything is normalised: the ends of the topics hold for good */
  private async records(kafka: Kafka, run: RunEntity, { id, urlSealed }: ArrivalTarget, follow: boolean): Promise<number | null> {
    const known = (await this.arrivals.get(run.id))?.recordEnds[id];
    const ends = known?.ends ?? await this.ends(kafka, run);
    const positions = await this.positions(id, urlSealed, ends);
    if (positions === undefined) return null;
    const offsets = behind(ends, positions);
    if (!follow) return offsets;
    if (known?.exact === true || offsets > LOOKED_AT) {
      if (known === undefined) await this.arrivals.keepRecordEnds(run.id, id, { exact: false, ends });
      return offsets;
    }
    const exact = offsets === 0 ? {} : await this.lastRecords(kafka, run.sourceId, notReached(ends, positions), positions);
    await this.arrivals.keepRecordEnds(run.id, id, { exact: true, ends: exact });
    return behind(exact, positions);
  }

  /** Where the topics of the run's collections end now. */
  private async ends(kafka: Kafka, { id, connector }: RunEntity): Promise<Ends> {
    const declaration = this.catalog.get(connector)?.declaration;
    if (declaration === undefined) return {};
    const kinds = new Map(declaration.collections.map(({ name, kind }) => [name, kind]));
    const topics = (await this.runs.collections(id)).map(({ collection }) => recordTopic(this.config.topicPrefix, connector, topicOf(declaration, collection), kinds.get(collection) ?? 'object'));
    const ranges = await topicRanges(kafka, [...new Set(topics)]);
    return Object.fromEntries([...ranges].flatMap(([topic, partitions]) => partitions.filter(({ low, high }) => low !== high).map(({ partition, high }) => [`${topic}/${partition}`, high])));
  }

  /** Undefined: the warehouse doesn't answer, or no loader has been there. */
  private async positions(warehouseId: string, urlSealed: string, ends: Ends): Promise<ReadonlyMap<string, string> | undefined> {
    const warehouse = new PostgresWarehouse(this.vault.open(urlSealed, sealContext.warehouseUrl(warehouseId)));
    try {
      const claims = await warehouse.positions(groupNames.loader(this.config.topicPrefix, warehouseId), Object.keys(ends).map((key) => ({ topic: key.slice(0, key.lastIndexOf('/')), partition: Number(key.slice(key.lastIndexOf('/') + 1)) })));
      return new Map(claims.map(({ topic, partition, nextOffset }) => [`${topic}/${partition}`, String(nextOffset)]));
    } catch {
      return undefined;
    } finally {
      await warehouse.close().catch(() => undefined);
    }
  }

  /** Of what lies between the positions and the ends: after the last record of the source, by partition. */
  private async lastRecords(kafka: Kafka, sourceId: string, ends: Ends, positions: ReadonlyMap<string, string>): Promise<Ends> {
    const last: Record<string, string> = {};
    const topics = [...new Set(Object.keys(ends).map((key) => key.slice(0, key.lastIndexOf('/'))))];
    const from = Object.fromEntries([...(await topicRanges(kafka, topics))].flatMap(([topic, partitions]) => partitions.map(({ partition, high }) => {
      const key = `${topic}/${partition}`;
      return [key, key in ends ? positions.get(key) ?? '0' : high];
    })));
    await scanBatches(kafka, { topics, from, onBatch: ({ topic, partition, messages }) => {
      const key = `${topic}/${partition}`;
      for (const { offset, headers } of messages) if (BigInt(offset) < BigInt(ends[key] ?? '0') && attribute(headers, 'sourceid') === sourceId) last[key] = (BigInt(offset) + 1n).toString();
    } });
    return last;
  }
}
