import { writeFileSync } from 'node:fs';
import { describeApi, openApiText } from '../../apps/gateway/src/docs/describe.js';
import { configurations, reference } from './configuration.js';

writeFileSync('docs/configuration.md', reference(await configurations()));
writeFileSync('docs/openapi.json', openApiText(await describeApi()));
