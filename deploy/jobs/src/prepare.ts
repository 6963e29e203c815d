import { runJob } from '#platform';
import { PrepareConfig } from './prepare.config.js';
import { prepare } from './prepare.job.js';

await runJob('prepare', PrepareConfig, prepare);
