import { runJob } from '#platform';
import { DeadLettersConfig } from './dead-letters.config.js';
import { deadLetters } from './dead-letters.job.js';

await runJob('dead-letters', DeadLettersConfig, (config) => deadLetters(config));
