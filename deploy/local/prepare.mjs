/**
 * What has to be there before the compiled stack can run: tools, npm packages, the build, Kafka's jars. Node's own
 * modules only, since it runs before anything is installed. Each step does nothing when its result is up to date.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const cache = join(root, '.cache');

/** One sentence for the person at the terminal, without a stack. */
export class Problem extends Error {}

const say = (text) => process.stdout.write(`${text}\n`);
const read = (file) => { try { return readFileSync(file, 'utf8'); } catch { return ''; } };
const sha = (text) => createHash('sha256').update(text).digest('hex');

export function checkNode() {
  if (process.platform === 'win32') throw new Problem('The local stack runs on Linux and macOS. On Windows, run it inside WSL 2.');
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) throw new Problem(`Node ${process.versions.node} is too old: Node 20.19 or newer is needed. Get it from https://nodejs.org.`);
}

/** The Java program to use, at least version 17. */
export function checkJava() {
  const home = process.env.JAVA_HOME;
  const java = home !== undefined && existsSync(join(home, 'bin', 'java')) ? join(home, 'bin', 'java') : 'java';
  const found = spawnSync(java, ['-version'], { encoding: 'utf8' });
  const instead = 'or set KAFKA_BROKERS to a Kafka of your own';
  if (found.error !== undefined || found.status !== 0) throw new Problem(`Java isn't there: Kafka needs Java 17 or newer. Install one (Debian and Ubuntu: apt-get install openjdk-17-jre-headless; macOS: brew install openjdk), ${instead}.`);
  const version = /version "(?:1\.)?(\d+)/.exec(`${found.stderr}${found.stdout}`)?.[1];
  if (Number(version) < 17) throw new Problem(`Java ${version} is too old: Kafka needs Java 17 or newer. Install one and put it first on the path or in JAVA_HOME, ${instead}.`);
  return java;
}

export function checkMaven() {
  const found = spawnSync('mvn', ['-version'], { encoding: 'utf8', env: { ...process.env, MAVEN_OPTS: '' } });
  if (found.error !== undefined || found.status !== 0) throw new Problem("Maven isn't there: it fetches Kafka's jars once. Install it (Debian and Ubuntu: apt-get install maven; macOS: brew install maven), or set KAFKA_BROKERS to a Kafka of your own.");
}

/** Runs a program; its output is shown only when it fails, unless it is to be seen. */
function run(command, args, { show = false, failed }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', show ? 'inherit' : 'pipe', show ? 'inherit' : 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text) => { output = (output + text).slice(-8000); });
    child.once('error', (error) => reject(new Problem(`${failed} ${command}: ${error.message}`)));
    child.once('close', (code, signal) => (code === 0 ? resolve() : reject(new Problem(`${failed} (${command} ended with ${signal ?? code})\n${output.trim()}`))));
  });
}

async function step(text, work) {
  const start = Date.now();
  say(`· ${text} …`);
  await work();
  say(`  done in ${((Date.now() - start) / 1000).toFixed(1)} s`);
}

/** Two starts at once must not install or build over each other. */
export async function oneAtATime(work) {
  mkdirSync(cache, { recursive: true });
  const lock = join(cache, 'prepare.lock');
  const mine = `${lock}.${randomBytes(6).toString('hex')}`;
  writeFileSync(mine, String(process.pid));
  try {
    for (let told = false; ; await sleep(200)) {
      try { linkSync(mine, lock); break; } catch (error) { if (error.code !== 'EEXIST') throw error; }
      const pid = Number(read(lock));
      if (pid > 0 && !alive(pid)) rmSync(lock, { force: true });
      else if (!told) { told = true; say(`· another start prepares (process ${pid}): waiting for it …`); }
    }
  } finally {
    rmSync(mine, { force: true });
  }
  try { return await work(); } finally { rmSync(lock, { force: true }); }
}

function alive(pid) {
  try { process.kill(pid, 0); return true; } catch (error) { return error.code === 'EPERM'; }
}

/** `npm ci` when the installed packages aren't the lock's. */
export async function ensureDependencies() {
  const lock = read(join(root, 'package-lock.json'));
  const stamp = join(root, 'node_modules', '.cloud-sources-lock');
  if (read(stamp) === sha(lock)) return;
  if (!installedAsLocked(lock)) {
    await step('Installing npm packages', () => run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { failed: "npm couldn't install the packages." }));
  }
  writeFileSync(stamp, sha(lock));
}

/** npm's own note of what it installed agrees with the lock; packages for other platforms are left out of it. */
function installedAsLocked(lock) {
  try {
    const wanted = JSON.parse(lock).packages;
    const installed = JSON.parse(read(join(root, 'node_modules', '.package-lock.json'))).packages;
    return Object.entries(wanted).every(([path, { version, optional }]) => path === '' || (installed[path] === undefined ? optional === true : installed[path].version === version));
  } catch {
    return false;
  }
}

const SOURCES = ['apps', 'libs', 'deploy', 'test'];
const SKIPPED = new Set(['node_modules', 'dist']);
/** Vite compiles that one. */
const CONSOLE = join(root, 'apps', 'console');

function* typescript(dir) {
  if (!existsSync(dir)) return;
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) { if (!SKIPPED.has(entry.name) && path !== CONSOLE) yield* typescript(path); }
    else if (entry.name.endsWith('.ts')) yield path;
  }
}

/** Compiles when a source, the compiler's configuration or the packages changed. Type errors stop it. */
export async function ensureBuild() {
  const files = SOURCES.flatMap((dir) => [...typescript(join(root, dir))]).sort();
  const state = [...files, join(root, 'tsconfig.json'), join(root, 'package-lock.json')].map((file) => {
    const { mtimeMs, size } = statSync(file);
    return `${relative(root, file)} ${mtimeMs} ${size}`;
  }).join('\n');
  const stamp = join(root, 'dist', '.built');
  if (read(stamp) === sha(state)) return;
  await step('Compiling TypeScript', async () => {
    removeOrphans(new Set(files.map((file) => relative(root, file).replace(/\.ts$/, ''))));
    await run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.json'], { failed: "The sources don't compile." });
  });
  writeFileSync(stamp, sha(state));
}

/** The console's page, when one of its files changed. */
export async function ensureConsole() {
  const files = readdirSync(CONSOLE, { recursive: true }).map((file) => join(CONSOLE, file)).filter((file) => !file.includes('node_modules') && statSync(file).isFile()).sort();
  const state = [...files, join(root, 'package-lock.json')].map((file) => `${relative(root, file)} ${sha(read(file))}`).join('\n');
  const stamp = join(root, 'dist', '.console');
  if (read(stamp) === sha(state) && existsSync(join(root, 'dist', 'console', 'index.html'))) return;
  await step('Building the console', () => run('npm', ['run', 'build', '--workspace', 'apps/console', '--loglevel=error'], { failed: "The console doesn't build." }));
  writeFileSync(stamp, sha(state));
}

/** What a removed source left in dist would still be found by an import. */
function removeOrphans(sources) {
  for (const dir of SOURCES.map((name) => join(root, 'dist', name))) {
    if (!existsSync(dir)) continue;
    for (const file of readdirSync(dir, { recursive: true })) {
      const path = join(dir, file);
      if (/\.js(\.map)?$/.test(file) && !sources.has(relative(join(root, 'dist'), path).replace(/\.js(\.map)?$/, ''))) rmSync(path);
    }
  }
}

/** Kafka's jars through Maven; the folder they are in. */
export async function ensureKafka() {
  const pom = join(root, 'deploy', 'local', 'kafka', 'pom.xml');
  const folder = join(cache, 'kafka');
  const stamp = 'pom.sha256';
  if (read(join(folder, stamp)) === sha(read(pom))) return folder;
  checkMaven();
  await step("Fetching Kafka's jars", async () => {
    const fresh = `${folder}.new`;
    rmSync(fresh, { recursive: true, force: true });
    await run('mvn', ['-q', '-B', '-f', pom, 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${fresh}`],
      { failed: "Maven couldn't fetch Kafka's jars." });
    writeFileSync(join(fresh, stamp), sha(read(pom)));
    const old = `${folder}.old`;
    rmSync(old, { recursive: true, force: true });
    if (existsSync(folder)) renameSync(folder, old); // a broker that runs keeps its open jars
    renameSync(fresh, folder);
    rmSync(old, { recursive: true, force: true });
  });
  return folder;
}

/** Installs, compiles and fetches what is missing. Without a broker of our own, neither Java nor Maven is looked for. */
export async function prepare({ kafka }) {
  checkNode();
  const java = kafka ? checkJava() : undefined;
  await oneAtATime(async () => {
    await ensureDependencies();
    await ensureBuild();
    await ensureConsole();
    if (kafka) await ensureKafka();
  });
  return { java };
}

/** A problem is one sentence; anything else is a defect of ours and keeps its stack. */
export function endWith(error) {
  process.stderr.write(`${error instanceof Problem || error?.name === 'Problem' ? error.message : error?.stack ?? String(error)}\n`);
  process.exit(1);
}
