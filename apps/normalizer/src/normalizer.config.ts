import { IsInt, Max, Min } from 'class-validator';
import { KafkaConfig, Setting } from '#platform';

export class NormalizerConfig extends KafkaConfig {
  @Setting({ env: 'NORMALIZER_CONCURRENCY', description: 'Input partitions that are worked on at once.', type: 'integer', default: '6' })
  @IsInt() @Min(1) @Max(64)
  concurrency!: number;

  @Setting({ env: 'NORMALIZER_TRANSACTION_RECORDS', description: 'Records in one Kafka transaction, about: more is faster, fewer arrive sooner.', type: 'integer', default: '5000' })
  @IsInt() @Min(1) @Max(50_000)
  transactionRecords!: number;
}
