import { writeFileSync } from 'node:fs';
import { configurations, reference } from './configuration.js';

writeFileSync('docs/configuration.md', reference(await configurations()));
