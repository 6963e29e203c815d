import { bootstrap } from '#platform';
import { NormalizerConfig } from './normalizer.config.js';
import { NormalizerModule } from './normalizer.module.js';

await bootstrap(NormalizerModule, NormalizerConfig);
