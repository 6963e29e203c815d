import { SyncCommand, deadLetterHeaders, topicNames, validate } from '#contracts';
import { connectorNames } from '#connectors';
import { ControlTransport, RecordProducer, createKafka } from '#kafka';
import { Health, Logger, kafkaSettings } from '#platform';
import { FetcherConfig } from '../fetcher.config.js';
import { SYNC_COMMANDS } from './sync.controller.js';

/** Nest's transport for the commands of the connectors that this fetcher serves. @throws Error for an unknown connector. */
export function controlCommands(config: FetcherConfig, logger: Logger, health: Health): ControlTransport {
  const served = config.connectors.includes('*') ? [...connectorNames] : config.connectors;
  const unknown = served.find((name) => !connectorNames.includes(name));
  if (unknown !== undefined) throw new Error(`CONNECTORS names ${unknown}, which doesn't exist. Known: ${connectorNames.join(', ')}.`);
  const kafka = createKafka(kafkaSettings(config, 'fetcher'), logger);
  const { topicPrefix } = config;
  return new ControlTransport(kafka, {
    groupId: `${topicPrefix}fetcher-${[...served].sort().join('-')}`,
    onTick: () => health.tick('commands'),
    onFailure: (error) => { throw error; },
    reject: async (message, error) => {
      const producer = new RecordProducer(kafka);
      await producer.connect();
      await producer.send(topicNames.deadLetter(topicPrefix, 'fetcher'), {
        key: message.key, value: message.value,
        headers: deadLetterHeaders({ service: 'fetcher', reason: 'bad_command', message: error.message, topic: message.topic, partition: message.partition, offset: message.offset }, new Date()),
      });
      await producer.disconnect();
    },
    routes: [{ pattern: SYNC_COMMANDS, topics: served.map((name) => topicNames.syncCommands(topicPrefix, name)), decode: (message) => validate(SyncCommand, JSON.parse(message.value?.toString() ?? 'null')) }],
  });
}
