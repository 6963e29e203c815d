import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { filesBelow, sourcesOf } from './repository.js';

/** A rule about which files there are; `bad` is a tree that breaks it once. */
export interface LayoutRule {
  readonly name: string;
  readonly find: (root: string) => string[];
  readonly bad: Readonly<Record<string, string>>;
}

/** Apps that turn records of a topic into something else, each as one readable pipeline. */
const PIPELINES = ['normalizer', 'warehouse-loader', 'event-forwarder'];
const GRAB_BAGS = ['shared', 'common', 'core', 'utils', 'util', 'helpers', 'misc', 'lib'];

const folders = (root: string, path: string): string[] =>
  existsSync(join(root, path)) ? readdirSync(join(root, path), { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name) : [];
const apps = (root: string): string[] => folders(root, 'apps').filter((name) => name !== 'console');
const libs = (root: string): string[] => folders(root, 'libs');
const connectors = (root: string): string[] => folders(root, 'libs/connectors').filter((name) => name !== 'src');
const read = (root: string, path: string): string => (existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : '');
const missing = (root: string, paths: readonly string[]): string[] => paths.filter((path) => !existsSync(join(root, path))).map((path) => `${path} is missing`);

/** Values that an index.ts hands out; types may be there only for the signatures of those. */
function exportedNames(text: string): string[] {
  const file = ts.createSourceFile('index.ts', text, ts.ScriptTarget.ES2023, true);
  return file.statements.flatMap((statement): string[] => {
    if (ts.isExportDeclaration(statement) && statement.exportClause !== undefined && ts.isNamedExports(statement.exportClause)) {
      return statement.isTypeOnly ? [] : statement.exportClause.elements.filter(({ isTypeOnly }) => !isTypeOnly).map(({ name }) => name.text);
    }
    return [];
  });
}

function unusedExports(root: string): string[] {
  const sources = sourcesOf(root);
  return libs(root).filter((lib) => lib !== 'connectors').flatMap((lib) => {
    const users = sources.filter(({ path, text }) => !path.startsWith(`libs/${lib}/`) && text.includes(`'#${lib}'`));
    return exportedNames(read(root, `libs/${lib}/src/index.ts`))
      .filter((name) => !users.some(({ text }) => new RegExp(`\\b${name}\\b`).test(text)))
      .map((name) => `#${lib} exports ${name}, which nothing imports`);
  });
}

function inexactVersions(root: string): string[] {
  return ['package.json', 'apps/console/package.json'].filter((path) => existsSync(join(root, path))).flatMap((path) => {
    const manifest = JSON.parse(read(root, path)) as Record<string, Record<string, string> | undefined>;
    return ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((group) => Object.entries(manifest[group] ?? {}))
      .filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
      .map(([name, version]) => `${path}: ${name} is ${version}, not one exact version`);
  });
}

export const layoutRules: readonly LayoutRule[] = [
  {
    name: 'every connector folder is registered under its own name, and every registered name has a folder',
    find: (root) => {
      const registered = [...read(root, 'libs/connectors/src/index.ts').matchAll(/^\s*'?([\w-]+)'?: \(\) => import\('#connectors\/([\w-]+)'\),?$/gm)];
      const names = registered.map(([, name = '']) => name);
      return [
        ...registered.filter(([, name, folder]) => name !== folder).map(([, name, folder]) => `${name} is registered with the folder ${folder}`),
        ...connectors(root).filter((name) => !names.includes(name)).map((name) => `libs/connectors/${name} is not registered in libs/connectors/src/index.ts`),
        ...names.filter((name) => !connectors(root).includes(name)).map((name) => `${name} is registered, but libs/connectors/${name} is not there`),
      ];
    },
    bad: { 'libs/connectors/src/index.ts': "const registry = {\n};\n", 'libs/connectors/orphan/src/index.ts': '' },
  },
  {
    name: 'every connector has its door, its declaration, a README and a conformance spec',
    find: (root) => connectors(root).flatMap((name) =>
      missing(root, ['src/index.ts', 'src/declaration.ts', 'README.md', `${name}.conformance.spec.ts`].map((file) => `libs/connectors/${name}/${file}`))),
    bad: { 'libs/connectors/a/src/index.ts': '', 'libs/connectors/a/src/declaration.ts': '', 'libs/connectors/a/README.md': '' },
  },
  {
    name: 'every lib has its door',
    find: (root) => missing(root, libs(root).map((lib) => `libs/${lib}/src/index.ts`)),
    bad: { 'libs/kafka/src/producer.ts': '' },
  },
  {
    name: 'no lib and no folder is a grab bag',
    find: (root) => ['libs', 'apps'].flatMap((top) => filesBelow(root, top)).flatMap((path) => {
      const bag = path.split('/').slice(1).find((part) => GRAB_BAGS.includes(part.replace(/\.ts$/, '')));
      return bag === undefined ? [] : [`${path}: name it after what it does, not ${bag}`];
    }),
    bad: { 'libs/utils/src/index.ts': '' },
  },
  {
    name: 'every app has a main.ts, and nest-cli.json knows it',
    find: (root) => {
      const projects = Object.keys((JSON.parse(read(root, 'nest-cli.json') || '{}') as { projects?: object }).projects ?? {});
      return [
        ...missing(root, apps(root).map((app) => `apps/${app}/src/main.ts`)),
        ...apps(root).filter((app) => !projects.includes(app)).map((app) => `apps/${app} is not in nest-cli.json`),
      ];
    },
    bad: { 'apps/gateway/src/main.ts': '', 'nest-cli.json': '{}' },
  },
  {
    name: 'an app that consumes records is one pipeline.ts',
    find: (root) => apps(root).flatMap((app) => {
      const sources = sourcesOf(root).filter(({ path }) => path.startsWith(`apps/${app}/`) && !path.endsWith('.spec.ts'));
      if (!PIPELINES.includes(app) && !sources.some(({ text }) => text.includes("'#pipeline'"))) return [];
      const count = sources.filter(({ path }) => path === `apps/${app}/src/pipeline.ts`).length;
      return count === 1 ? [] : [`apps/${app}/src/pipeline.ts is missing`];
    }),
    bad: { 'apps/other/src/consume.ts': "import { ok } from '#pipeline';\nexport const x = ok;\n" },
  },
  {
    name: 'every dependency is pinned to one version',
    find: inexactVersions,
    bad: { 'package.json': JSON.stringify({ dependencies: { kafkajs: '^2.2.4' } }) },
  },
  {
    name: 'a lib exports only values that somebody imports',
    find: unusedExports,
    bad: { 'libs/kafka/src/index.ts': "export { unused } from './unused.js';\n" },
  },
];
