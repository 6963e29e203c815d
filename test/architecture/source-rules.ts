import ts from 'typescript';

/** One of our own source files; `path` is relative to the repository. */
export interface Source { readonly path: string; readonly text: string }

/** A rule that looks at one file at a time; `find` says what is wrong in it. `bad` is a file that breaks it. */
export interface SourceRule {
  readonly name: string;
  /** Which files it is for; default: all. */
  readonly applies?: (path: string) => boolean;
  readonly find: (file: ts.SourceFile, source: Source) => string[];
  readonly bad: Source;
}

const MAX_LINES = 400;
const MAX_DEPENDENCIES = 6;
const MAX_MAIN_LINES = 15;

const isSpec = (path: string): boolean => path.endsWith('.spec.ts');
/** Read by a tool that asks for a default export: jest, dependency-cruiser. */
const isConfig = (path: string): boolean => path.startsWith('test/harness/') || /(^|\/)[\w.-]*(config|dependency-cruiser|jest)[\w.-]*\.m?[jt]s$/.test(path) || path.endsWith('.d.mts');
const isPure = (path: string): boolean => !isSpec(path)
  && (path.startsWith('libs/normalization/') || /^libs\/connectors\/[^/]+\/src\/normali[sz]/.test(path));

/** Collects what `visit` says about every node of a file, with the line it is on. */
function walk(file: ts.SourceFile, visit: (node: ts.Node) => string | undefined): string[] {
  const found: string[] = [];
  const step = (node: ts.Node): void => {
    const what = visit(node);
    if (what !== undefined) found.push(`line ${file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1}: ${what}`);
    ts.forEachChild(node, step);
  };
  step(file);
  return found;
}

const lines = (text: string): number => text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
const dotted = (node: ts.Node): string => {
  if (ts.isIdentifier(node)) return node.text;
  if (ts.isPropertyAccessExpression(node)) return `${dotted(node.expression)}.${node.name.text}`;
  return '?';
};
const called = (names: ReadonlySet<string>) => (node: ts.Node): string | undefined =>
  ts.isCallExpression(node) && names.has(dotted(node.expression)) ? `calls ${dotted(node.expression)}()` : undefined;
const flagged = (node: ts.Node, kind: ts.SyntaxKind): boolean =>
  ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some((modifier) => modifier.kind === kind);

const TESTS = ['it', 'test', 'describe'];
const unfinished = (file: ts.SourceFile): string[] => walk(file, (node) => {
  if (!ts.isPropertyAccessExpression(node) && !ts.isCallExpression(node)) return undefined;
  const name = dotted(ts.isCallExpression(node) ? node.expression : node);
  const [head = '', tail = ''] = name.split('.');
  if (ts.isCallExpression(node)) return /^(x|f)(it|test|describe)$/.test(name) ? `uses ${name}()` : undefined;
  return TESTS.includes(head) && ['only', 'skip', 'todo', 'failing', 'skipIf'].includes(tail) ? `uses ${name}` : undefined;
});

/** Comments only: a word in a string or a name is not a note to oneself. */
function comments(file: ts.SourceFile, text: string): string[] {
  const seen = new Map<number, string>();
  const collect = (position: number): void => {
    for (const range of ts.getLeadingCommentRanges(text, position) ?? []) seen.set(range.pos, text.slice(range.pos, range.end));
    for (const range of ts.getTrailingCommentRanges(text, position) ?? []) seen.set(range.pos, text.slice(range.pos, range.end));
  };
  const step = (node: ts.Node): void => {
    collect(node.getFullStart());
    collect(node.getEnd());
    node.getChildren(file).forEach(step);
  };
  step(file);
  return [...seen.values()];
}

export const sourceRules: readonly SourceRule[] = [
  {
    name: `no file has ${MAX_LINES} lines or more`,
    find: (_file, { text }) => (lines(text) < MAX_LINES ? [] : [`has ${lines(text)} lines`]),
    bad: { path: 'libs/kafka/src/long.ts', text: 'export {};\n'.repeat(MAX_LINES) },
  },
  {
    name: 'the environment is read in libs/platform only',
    applies: (path) => !/^(libs\/platform|libs\/testing|deploy\/local|test)\//.test(path),
    find: (file) => walk(file, (node) => {
      if (ts.isPropertyAccessExpression(node) && dotted(node) === 'process.env') return 'reads process.env';
      return ts.isImportDeclaration(node) && /^(node:)?process$/.test((node.moduleSpecifier as ts.StringLiteral).text) ? 'imports process' : undefined;
    }),
    bad: { path: 'apps/gateway/src/a.ts', text: 'export const port = process.env.PORT;' },
  },
  {
    name: 'no default export, except in configuration files',
    applies: (path) => !isConfig(path),
    find: (file) => walk(file, (node) => (ts.isExportAssignment(node) || flagged(node, ts.SyntaxKind.DefaultKeyword) ? 'has a default export' : undefined)),
    bad: { path: 'libs/kafka/src/a.ts', text: 'export default class Producer {}' },
  },
  {
    name: 'exports are listed one by one',
    find: (file) => walk(file, (node) => (ts.isExportDeclaration(node) && node.exportClause === undefined ? 'exports everything of another file' : undefined)),
    bad: { path: 'libs/kafka/src/index.ts', text: "export * from './producer.js';" },
  },
  {
    name: 'no enum: a const union',
    find: (file) => walk(file, (node) => (ts.isEnumDeclaration(node) ? `declares enum ${node.name.text}` : undefined)),
    bad: { path: 'libs/kafka/src/a.ts', text: "export enum Mode { On = 'on' }" },
  },
  {
    name: 'no any',
    find: (file) => walk(file, (node) => (node.kind === ts.SyntaxKind.AnyKeyword ? 'uses any' : undefined)),
    bad: { path: 'libs/kafka/src/a.ts', text: 'export const f = (x: any) => x;' },
  },
  {
    name: 'no module mock: fakes come through constructors',
    find: (file) => walk(file, called(new Set(['jest.mock', 'jest.unstable_mockModule', 'jest.doMock']))),
    bad: { path: 'libs/kafka/src/a.spec.ts', text: "jest.mock('kafkajs');" },
  },
  {
    name: 'no test is skipped, focused or left to be written',
    find: unfinished,
    bad: { path: 'libs/kafka/src/a.spec.ts', text: "it.skip('works', () => {});" },
  },
  {
    name: 'no note to oneself is left in a comment',
    find: (file, { text }) => comments(file, text).filter((comment) => /\b(TODO|FIXME|XXX|HACK)\b/.test(comment)).map((comment) => comment.slice(0, 80)),
    bad: { path: 'libs/kafka/src/a.ts', text: `export const x = 1; // ${'TO'}DO later` },
  },
  {
    name: 'no compiler or linter is told to look away',
    find: (file, { text }) => comments(file, text).filter((comment) => /@ts-(ignore|nocheck|expect-error)|eslint-disable|istanbul ignore/.test(comment)).map((comment) => comment.slice(0, 80)),
    bad: { path: 'libs/kafka/src/a.ts', text: `// @ts-${'ignore'}\nexport const x: number = 'one';` },
  },
  {
    name: `a constructor takes at most ${MAX_DEPENDENCIES} dependencies`,
    find: (file) => walk(file, (node) => (ts.isConstructorDeclaration(node) && node.parameters.length > MAX_DEPENDENCIES ? `takes ${node.parameters.length}` : undefined)),
    bad: { path: 'apps/gateway/src/a.ts', text: 'export class A { constructor(a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7) {} }' },
  },
  {
    name: 'no forwardRef: a cycle of modules is still a cycle',
    find: (file) => walk(file, called(new Set(['forwardRef']))),
    bad: { path: 'apps/gateway/src/a.ts', text: 'export const m = forwardRef(() => Other);' },
  },
  {
    name: 'the control database is changed by migrations, never by synchronize',
    find: (file) => walk(file, (node) => (ts.isPropertyAssignment(node) && node.name.getText(file) === 'synchronize' && node.initializer.kind !== ts.SyntaxKind.FalseKeyword ? 'turns synchronize on' : undefined)),
    bad: { path: 'libs/persistence/src/a.ts', text: 'export const options = { synchronize: true };' },
  },
  {
    name: 'connectors ask the partner through the kit',
    applies: (path) => /^libs\/connectors\/(?!src\/)/.test(path) && !isSpec(path),
    find: (file) => walk(file, called(new Set(['fetch', 'globalThis.fetch']))),
    bad: { path: 'libs/connectors/stripe/src/a.ts', text: "export const a = fetch('https://example.com');" },
  },
  {
    name: 'normalisation is deterministic: no clock, no chance',
    applies: isPure,
    find: (file) => walk(file, (node) => {
      if (ts.isNewExpression(node) && dotted(node.expression) === 'Date' && (node.arguments ?? []).length === 0) return 'reads the clock';
      return called(new Set(['Date.now', 'Math.random', 'randomUUID', 'randomBytes', 'performance.now', 'crypto.randomUUID']))(node);
    }),
    bad: { path: 'libs/normalization/src/a.ts', text: 'export const now = Date.now();' },
  },
  {
    name: `main.ts has fewer than ${MAX_MAIN_LINES} lines`,
    applies: (path) => /^apps\/[^/]+\/src\/main\.ts$/.test(path),
    find: (_file, { text }) => (lines(text) < MAX_MAIN_LINES ? [] : [`has ${lines(text)} lines`]),
    bad: { path: 'apps/gateway/src/main.ts', text: 'export {};\n'.repeat(MAX_MAIN_LINES) },
  },
  {
    name: 'file names are kebab.role.ts',
    find: (_file, { path }) => (/^(\d+-)?[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*\.(ts|mts|mjs|cjs|js)$/.test(path.slice(path.lastIndexOf('/') + 1)) ? [] : ['is not kebab case']),
    bad: { path: 'libs/kafka/src/batchConsumer.ts', text: 'export {};' },
  },
];

/** Every offence of these files against these rules, as `path: what`. */
export function offences(rule: SourceRule, sources: readonly Source[]): string[] {
  return sources
    .filter(({ path }) => rule.applies?.(path) ?? true)
    .flatMap((source) => rule.find(parse(source), source).map((what) => `${source.path}: ${what}`));
}

const parsed = new WeakMap<Source, ts.SourceFile>();
function parse(source: Source): ts.SourceFile {
  let file = parsed.get(source);
  if (file === undefined) parsed.set(source, file = ts.createSourceFile(source.path, source.text, ts.ScriptTarget.ES2023, true));
  return file;
}
