import { bootstrap } from '#platform';
import { FetcherConfig } from './fetcher.config.js';
import { FetcherModule } from './fetcher.module.js';

await bootstrap(FetcherModule, FetcherConfig);
