import { ArrayNotEmpty, IsInt, Matches, Max, Min } from 'class-validator';
import { KafkaConfig, Setting } from '#platform';

/** Settings of the job that runs before the services. Only the number of partitions of topics that aren't there yet can be chosen. */
export class PrepareConfig extends KafkaConfig {
  @Setting({ env: 'DATABASE_URL', description: 'The control database, postgres://user:password@host:port/name.', type: 'secret' })
  @Matches(/^postgres(ql)?:\/\//, { message: 'it must start with postgres://' })
  databaseUrl!: string;

  @Setting({ env: 'CONNECTORS', description: 'Names of the connectors whose topics are created, separated by commas; * is all of them.', type: 'list', default: '*' })
  @ArrayNotEmpty()
  connectors!: string[];

  @Setting({ env: 'RAW_PARTITIONS', description: 'Partitions of a new raw topic: about the most replicas of the normalizer that find work. A quarter of them, at least one, is for webhooks only.', type: 'integer', default: '6' })
  @IsInt() @Min(1) @Max(1000)
  rawPartitions!: number;

  @Setting({ env: 'RECORD_PARTITIONS', description: 'Partitions of a new topic of objects, events or sync commands.', type: 'integer', default: '3' })
  @IsInt() @Min(1) @Max(1000)
  recordPartitions!: number;

  @Setting({ env: 'RAW_RETENTION_DAYS', description: 'How long raw pages and dead letters are kept, in days: the window in which a replay needs no API call.', type: 'integer', default: '30' })
  @IsInt() @Min(1) @Max(3650)
  rawRetentionDays!: number;

  @Setting({ env: 'EVENT_RETENTION_DAYS', description: 'How long event records stay on their topics, in days.', type: 'integer', default: '30' })
  @IsInt() @Min(1) @Max(3650)
  eventRetentionDays!: number;

  @Setting({ env: 'TOPIC_REPLICATION', description: "Replicas of a new topic; -1 takes the brokers' default.", type: 'integer', default: '-1' })
  @IsInt() @Min(-1) @Max(15)
  topicReplication!: number;
}
