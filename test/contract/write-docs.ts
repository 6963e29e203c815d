import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { copyFileSync, writeFileSync } from 'node:fs';
import { loadConnectors } from '#connectors';
import { DEFAULT_TOPIC_OPTIONS, asyncApi, jsonSchemas } from '#contracts';
import { describeApi, openApiText } from '../../apps/gateway/src/docs/describe.js';
import { configurations, reference } from './configuration.js';

writeFileSync('docs/configuration.md', reference(await configurations()));
writeFileSync('docs/openapi.json', openApiText(await describeApi()));

const connectors = (await loadConnectors()).map(({ declaration }) => declaration);
const json = (value: unknown): string => `${JSON.stringify(value, undefined, 1)}\n`;
writeFileSync('docs/asyncapi.json', json(asyncApi(connectors, DEFAULT_TOPIC_OPTIONS.prefix)));
writeFileSync('docs/schemas.json', json(jsonSchemas(connectors)));

// The console's types of the API.
const generator = join(dirname(createRequire(resolve('apps/console/package.json')).resolve('openapi-typescript/package.json')), 'bin', 'cli.js');
execFileSync(process.execPath, [generator, 'docs/openapi.json', '--default-non-nullable', 'false', '--output', 'apps/console/src/api/generated/schema.d.ts'], { stdio: ['ignore', 'ignore', 'inherit'] });

// With a release, what is published becomes what later changes are compared with.
if (process.argv.includes('--release')) for (const file of ['openapi.json', 'asyncapi.json', 'schemas.json']) copyFileSync(`docs/${file}`, `docs/released/${file}`);
