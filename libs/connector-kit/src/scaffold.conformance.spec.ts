import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const node = (...args: string[]) => promisify(execFile)(process.execPath, args);
const scaffold = (...args: string[]) => node('libs/connector-kit/scaffold/new-connector.mjs', ...args);
const failure = (run: Promise<unknown>): Promise<string> => run.then(() => 'no failure', (error: { stderr: string }) => error.stderr);

// Inside the repository, so that #connector-kit resolves, in a folder that git and the other specs ignore.
mkdirSync('.cache', { recursive: true });
const root = mkdtempSync(resolve('.cache/scaffold-'));
const registry = join(root, 'libs/connectors/src/index.ts');
const written = ['README.md', 'acme_crm.conformance.spec.ts', 'src', 'src/collections', 'src/collections/contacts.ts', 'src/declaration.ts', 'src/index.ts', 'src/normalize.ts'];

beforeAll(async () => {
  mkdirSync(join(root, 'libs/connectors/src'), { recursive: true });
  copyFileSync('libs/connectors/src/index.ts', registry);
  await scaffold('acme_crm', root);
});
afterAll(() => { rmSync(root, { recursive: true, force: true }); });

describe('npm run new:connector', () => {
  it('writes one folder and one line', () => {
    const folder = join(root, 'libs/connectors/acme_crm');
    expect(readdirSync(folder, { recursive: true }).map(String).sort()).toEqual(written);
    for (const file of written.filter((name) => name.includes('.'))) expect(readFileSync(join(folder, file), 'utf8')).not.toMatch(/__[A-Z]+__/);
    const added = readFileSync(registry, 'utf8').split('\n').filter((line) => !readFileSync('libs/connectors/src/index.ts', 'utf8').split('\n').includes(line));
    expect(added).toEqual(['  acme_crm: () => import(\'#connectors/acme_crm\'),']);
  });

  it('writes what type-checks and meets the connector bar', async () => {
    const include = { include: ['libs/connectors/acme_crm/**/*.ts'] };
    writeFileSync(join(root, 'tsconfig.json'), JSON.stringify({ extends: '../../tsconfig.json', compilerOptions: { noEmit: true, incremental: false, rootDir: '../..' }, ...include, exclude: [] }));
    await node('node_modules/typescript/bin/tsc', '-p', join(root, 'tsconfig.json'));
    const config = join(root, 'jest.config.mjs');
    writeFileSync(config, `import config from '${resolve('test/jest.config.js')}';
const { displayName, ...base } = config.projects.find(({ displayName }) => displayName === 'conformance');
export default { ...base, rootDir: '${resolve('.')}', roots: ['${root}'], modulePathIgnorePatterns: [], testPathIgnorePatterns: [], testMatch: ['${root}/**/*.conformance.spec.ts'] };
`);
    const { stderr } = await node('--experimental-vm-modules', 'node_modules/jest/bin/jest.js', '--runInBand', '-c', config);
    expect(stderr).toMatch(/Tests: +2\d passed, 2\d total/);
  }, 120_000);

  it('changes nothing when it can\'t', async () => {
    const before = readFileSync(registry, 'utf8');
    expect(await failure(scaffold('acme_crm', root))).toContain('exists already; nothing was changed');
    for (const name of ['Acme', 'acme-crm', '1acme', '../acme', '']) expect(await failure(scaffold(name, root))).toContain('can\'t be a connector\'s name');
    expect(await failure(scaffold('src', root))).toContain('choose another name');
    expect(readFileSync(registry, 'utf8')).toBe(before);
  });
});
