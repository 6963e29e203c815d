import { IsIn, IsInt, IsOptional, IsString, Matches, Max, Min, ArrayNotEmpty } from 'class-validator';
import { Setting } from './setting.js';

/** What every service has. */
export class ServiceConfig {
  @Setting({ env: 'LOG_LEVEL', description: 'Least severe level that is logged.', default: 'info' })
  @IsIn(['debug', 'info', 'warn', 'error'])
  logLevel!: string;

  @Setting({ env: 'HEALTH_PORT', description: 'Port of /health/live, /health/ready and /metrics; 0 takes a free one.', type: 'integer', default: '9090' })
  @IsInt() @Min(0) @Max(65_535)
  healthPort!: number;

  @Setting({ env: 'HOST', description: 'Address that the service listens on.', default: '0.0.0.0' })
  @IsString()
  host!: string;

  @Setting({ env: 'SHUTDOWN_SECONDS', description: 'Longest time a stop may take to finish what is in hand, in seconds.', type: 'integer', default: '20' })
  @IsInt() @Min(1) @Max(600)
  shutdownSeconds!: number;
}

/** Services that read or write topics. */
export class KafkaConfig extends ServiceConfig {
  @Setting({ env: 'KAFKA_BROKERS', description: 'Bootstrap brokers, host:port, separated by commas.', type: 'list' })
  @ArrayNotEmpty()
  kafkaBrokers!: string[];

  @Setting({ env: 'TOPIC_PREFIX', description: 'Put before the name of every topic and consumer group.', default: 'cs.' })
  @Matches(/^[A-Za-z0-9._-]*$/)
  topicPrefix!: string;

  @Setting({ env: 'KAFKA_SSL', description: 'Connect to the brokers by TLS.', type: 'boolean', default: 'false' })
  kafkaSsl!: boolean;

  @Setting({ env: 'KAFKA_CA', description: 'PEM of the certificate authority of the brokers, where it is not a public one.', type: 'secret', optional: true })
  @IsOptional() @IsString()
  kafkaCa?: string;

  @Setting({ env: 'KAFKA_SASL_MECHANISM', description: 'plain, scram-sha-256 or scram-sha-512; nothing means no SASL.', optional: true })
  @IsOptional() @IsIn(['plain', 'scram-sha-256', 'scram-sha-512'])
  kafkaSaslMechanism?: string;

  @Setting({ env: 'KAFKA_SASL_USERNAME', description: 'User for SASL.', optional: true })
  @IsOptional() @IsString()
  kafkaSaslUsername?: string;

  @Setting({ env: 'KAFKA_SASL_PASSWORD', description: 'Password for SASL.', type: 'secret', optional: true })
  @IsOptional() @IsString()
  kafkaSaslPassword?: string;
}

/** Services that also use the control database. */
export class DatabaseConfig extends KafkaConfig {
  @Setting({ env: 'DATABASE_URL', description: 'The control database, postgres://user:password@host:port/name.', type: 'secret' })
  @Matches(/^postgres(ql)?:\/\//, { message: 'it must start with postgres://' })
  databaseUrl!: string;

  @Setting({
    env: 'VAULT_KEYS', type: 'secret',
    description: 'Keys that encrypt credentials: <key id>:<32 bytes in base64>, separated by commas. The first one encrypts, all of them decrypt.',
  })
  @Matches(/^[\w-]+:[A-Za-z0-9+/=]+(,[\w-]+:[A-Za-z0-9+/=]+)*$/, { message: 'it must be <key id>:<base64>[,…]' })
  vaultKeys!: string;
}

/** The Kafka part of a configuration, as libs/kafka takes it. */
export function kafkaSettings(config: KafkaConfig, clientId: string) {
  const { kafkaSaslMechanism: mechanism, kafkaSaslUsername: username, kafkaSaslPassword: password } = config;
  return {
    clientId, brokers: config.kafkaBrokers, ssl: config.kafkaSsl,
    ...(config.kafkaCa !== undefined && { ca: config.kafkaCa }),
    ...(mechanism !== undefined && username !== undefined && password !== undefined && {
      sasl: { mechanism: mechanism as 'plain' | 'scram-sha-256' | 'scram-sha-512', username, password },
    }),
  };
}
