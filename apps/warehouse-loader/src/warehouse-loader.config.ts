import { IsInt, Max, Min } from 'class-validator';
import { DatabaseConfig, Setting } from '#platform';

export class WarehouseLoaderConfig extends DatabaseConfig {
  @Setting({ env: 'LOADER_BATCH_ROWS', description: 'Most rows in one warehouse transaction; more waits for the next one.', type: 'integer', default: '5000' })
  @IsInt() @Min(100) @Max(50_000)
  batchRows!: number;

  @Setting({ env: 'LOADER_BATCH_BYTES', description: 'Most bytes of records in one warehouse transaction.', type: 'integer', default: '8388608' })
  @IsInt() @Min(65_536) @Max(134_217_728)
  batchBytes!: number;

  @Setting({ env: 'LOADER_LINGER_MS', description: 'How long the first record of a small batch waits for others, in ms: freshness against transactions.', type: 'integer', default: '30' })
  @IsInt() @Min(0) @Max(1_000)
  lingerMs!: number;

  @Setting({ env: 'LOADER_REFRESH_MS', description: 'How often sources and warehouses are read from the control database, in ms.', type: 'integer', default: '5000' })
  @IsInt() @Min(100) @Max(60_000)
  refreshMs!: number;

  @Setting({ env: 'MODEL_TIMEOUT_SECONDS', description: 'How long the query of a trait or an audience may take.', type: 'integer', default: '900' })
  @IsInt() @Min(1) @Max(86_400)
  modelTimeoutSeconds!: number;

  @Setting({ env: 'MODEL_MAX_ROWS', description: 'Most rows of a trait\'s or an audience\'s query; one with more fails.', type: 'integer', default: '10000000' })
  @IsInt() @Min(1)
  modelMaxRows!: number;
}
