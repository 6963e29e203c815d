import { runJob } from '#platform';
import { RotateKeysConfig } from './rotate-keys.config.js';
import { rotateKeys } from './rotate-keys.job.js';

await runJob('rotate-keys', RotateKeysConfig, (config) => rotateKeys(config));
