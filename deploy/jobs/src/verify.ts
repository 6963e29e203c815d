import { runJob } from '#platform';
import { VerifyConfig } from './verify.config.js';
import { verify } from './verify.job.js';

await runJob('verify', VerifyConfig, verify);
