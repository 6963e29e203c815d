import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { deadLetterHeaders, topicNames } from '#contracts';
import { connectorNames, loadConnector } from '#connectors';
import type { Connector } from '#connector-kit';
import { RecordProducer, createKafka, type OutgoingMessage } from '#kafka';
import { WebhookRepository } from '#persistence';
import { Health, Logger, Metrics, kafkaSettings } from '#platform';
import { createVault, parseKeyRing, sealContext } from '#vault';
import { receive, type IncomingWebhook, type WebhookAnswer, type WebhookEndpoint, type WebhookPorts } from '../pipeline.js';
import { WebhookGatewayConfig } from '../webhook-gateway.config.js';
import { Cache } from './cache.js';
import { Circuit, CircuitOpenError } from './circuit.js';
import { DeliveryLog } from './delivery-log.js';
import { PerMinute } from './per-minute.js';

const ENDPOINT_TTL_MS = 10_000;
const MISS_TTL_MS = 2_000;
/** Between two look-ups because of a signature that doesn't hold. */
const RENEWED_APART_MS = 250;
const QUARANTINED_A_MINUTE = 30;
const RECONNECT_MS = 1_000;
const PROBE_MS = 1_000;

/** Binds the pipeline's ports to Kafka, the control database and the vault. Starts, and answers 503, without a broker. */
@Injectable()
export class ReceiveService implements OnModuleInit, OnApplicationShutdown {
  private readonly producer: RecordProducer;
  private readonly connectors = new Map<string, Connector>();
  /** One for each raw topic: a topic without a leader is away for its own connector only. */
  private readonly circuits = new Map<string, Circuit<OutgoingMessage>>();
  private readonly ports: WebhookPorts;
  private readonly answers;
  private readonly deliveries: DeliveryLog;
  private stopping = false;

  constructor(
    private readonly config: WebhookGatewayConfig, @Inject(WebhookRepository) webhooks: WebhookRepository,
    private readonly logger: Logger, private readonly metrics: Metrics, private readonly health: Health,
  ) {
    const { topicPrefix, deliveryTimeoutMs, maxPendingBytes, vaultKeys } = config;
    this.answers = metrics.counter('cs_webhooks_total', 'Webhooks, by answer.', ['status']);
    this.producer = new RecordProducer(createKafka({ ...kafkaSettings(config, 'webhook-gateway'), requestTimeoutMs: deliveryTimeoutMs }, logger), { deliveryTimeoutMs, maxPendingBytes });
    const vault = createVault(parseKeyRing(vaultKeys));
    const endpoints = new Cache<WebhookEndpoint>(async (token) => {
      const found = await webhooks.find(token);
      if (found === undefined) return undefined;
      const secrets = found.secrets.map(({ sealed }) => vault.open(sealed, sealContext.webhookSecret(found.sourceId)));
      return { workspaceId: found.workspaceId, sourceId: found.sourceId, connector: found.connector, selected: found.selected, secrets };
    }, ENDPOINT_TTL_MS, MISS_TTL_MS);
    this.deliveries = new DeliveryLog(webhooks, (error) => {
      metrics.errors.inc({ kind: 'infrastructure', stage: 'deliveries' });
      logger.warn('How webhooks were answered could not be written for people to look at; the webhooks themselves are not touched.', { error: error instanceof Error ? error.message : 'unknown' });
    });
    const quarantined = new PerMinute(QUARANTINED_A_MINUTE);
    this.ports = {
      endpoint: (token) => endpoints.get(token),
      renewedEndpoint: (token) => endpoints.renewed(token, RENEWED_APART_MS),
      connector: (name) => this.connectors.get(name),
      toRaw: (connector, message) => this.circuit(topicNames.raw(topicPrefix, connector)).send(message),
      quarantine: (endpoint, webhook, reason) => { if (quarantined.allows(endpoint.sourceId)) this.quarantine(endpoint, webhook, reason); },
      failed: (stage, error) => {
        metrics.errors.inc({ kind: 'infrastructure', stage });
        // That Kafka is away was said when it went.
        if (!(error instanceof CircuitOpenError)) logger.warn('A webhook was answered with 503.', { stage, error: error instanceof Error ? error.message : 'unknown' });
      },
      answered: ({ sourceId }, { receivedAt, body }, { status, reason }, deliveryId) =>
        this.deliveries.add(sourceId, { receivedAt: new Date(receivedAt), status, reason, deliveryId: deliveryId ?? null, bytes: body.length, durationMs: Math.max(0, Date.now() - receivedAt) }),
    };
  }

  async onModuleInit(): Promise<void> {
    for (const name of connectorNames) this.connectors.set(name, await loadConnector(name));
    this.health.ready('kafka', false);
    void this.connect();
  }

  async receive(webhook: IncomingWebhook): Promise<WebhookAnswer> {
    const answer = await receive(webhook, this.ports);
    this.answers.inc({ status: String(answer.status) });
    if (answer.status === 200) this.metrics.sent.inc({ stage: 'raw' });
    return answer;
  }

  private circuit(topic: string): Circuit<OutgoingMessage> {
    let circuit = this.circuits.get(topic);
    if (circuit === undefined) {
      circuit = new Circuit((message) => this.producer.send(topic, message), (open, error) => {
        if (open) this.logger.warn('Kafka does not acknowledge: webhooks are refused with 503 at once until it does.', { topic, error: error instanceof Error ? error.message : 'unknown' });
        else this.logger.info('Kafka acknowledges again: webhooks are taken.', { topic });
      }, PROBE_MS);
      this.circuits.set(topic, circuit);
    }
    return circuit;
  }

  private async connect(): Promise<void> {
    while (!this.stopping) {
      try {
        await this.producer.connect();
        return this.health.ready('kafka', true);
      } catch (error) {
        this.logger.warn('Kafka is away: webhooks are answered with 503.', { error: (error as Error).message });
        await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
      }
    }
  }

  private quarantine({ sourceId, workspaceId, connector }: WebhookEndpoint, webhook: IncomingWebhook, reason: string): void {
    const headers = deadLetterHeaders({
      service: 'webhook-gateway', reason, message: 'the signature of a webhook does not hold', topic: 'hooks', partition: 0, offset: String(webhook.receivedAt), sourceId, workspaceId, connector,
    }, new Date(webhook.receivedAt));
    this.producer.send(topicNames.deadLetter(this.config.topicPrefix, 'webhook-gateway'), { key: sourceId, value: webhook.body, headers }).catch(() => undefined);
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping = true;
    for (const circuit of this.circuits.values()) circuit.stop();
    await this.deliveries.close();
    await this.producer.disconnect();
  }
}
