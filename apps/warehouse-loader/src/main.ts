import { bootstrap } from '#platform';
import { WarehouseLoaderConfig } from './warehouse-loader.config.js';
import { WarehouseLoaderModule } from './warehouse-loader.module.js';

await bootstrap(WarehouseLoaderModule, WarehouseLoaderConfig);
