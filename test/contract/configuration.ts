import { existsSync, readdirSync } from 'node:fs';
import { settingsOf, type SettingInfo } from '#platform';

/** A process of the product with everything that it reads from its environment. */
export interface Configuration {
  readonly name: string;
  /** Compiled entry file, as the image starts it. */
  readonly entry: string;
  readonly settings: readonly SettingInfo[];
}

/** The configuration of every app (by convention in `<app>.config.ts`) and of the job that prepares them, by name. */
export async function configurations(): Promise<Configuration[]> {
  const apps = readdirSync('apps').filter((app) => existsSync(`apps/${app}/src/main.ts`)).sort();
  const all = [
    ...apps.map((name) => ({ name, entry: `dist/apps/${name}/src/main.js`, module: `../../apps/${name}/src/${name}.config.js` })),
    { name: 'prepare', entry: 'dist/deploy/jobs/src/prepare.js', module: '../../deploy/jobs/src/prepare.config.js' },
  ];
  return Promise.all(all.map(async ({ name, entry, module }) => ({ name, entry, settings: settingsIn(await import(module) as object, module) })));
}

function settingsIn(module: object, file: string): readonly SettingInfo[] {
  const [settings] = Object.values(module)
    .filter((value): value is new () => object => typeof value === 'function')
    .map((value) => settingsOf(value))
    .filter(({ length }) => length > 0);
  if (settings === undefined) throw new Error(`${file} exports no configuration class with settings.`);
  return settings;
}

const HEAD = `# Configuration

Every setting is an environment variable. This file is made from the services' configuration classes: change those, then run
\`npm run build && npm run docs\`. A \`secret\` may also come from a file: \`DATABASE_URL_FILE=/run/secrets/database-url\`.
A setting without a default must be set, unless it is optional. A service that can't start names what is wrong, never a value.
`;

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ').replaceAll('<', '&lt;');
const fallback = ({ default: value, optional }: SettingInfo): string =>
  value !== undefined ? (value === '' ? 'empty' : `\`${value}\``) : optional === true ? 'optional' : '**required**';
const identity = ({ env, type, description, default: value, optional }: SettingInfo): string => JSON.stringify([env, type, description, value, optional]);

function table(rows: readonly { setting: SettingInfo; services?: string }[]): string {
  const services = rows.some((row) => row.services !== undefined);
  const lines = [...rows].sort((a, b) => (a.setting.env < b.setting.env ? -1 : 1)).map(({ setting, services: by = '' }) =>
    `| \`${setting.env}\` | ${setting.type} | ${fallback(setting)} | ${cell(setting.description)} |${services ? ` ${by} |` : ''}`);
  return [`| Variable | Type | Default | Meaning |${services ? ' Read by |' : ''}`, `| --- | --- | --- | --- |${services ? ' --- |' : ''}`, ...lines].join('\n');
}

/** The reference, as Markdown: what several services read comes first, then what only one reads. */
export function reference(all: readonly Configuration[]): string {
  const readers = new Map<string, { setting: SettingInfo; names: string[] }>();
  for (const { name, settings } of all) {
    for (const setting of settings) {
      const entry = readers.get(identity(setting)) ?? { setting, names: [] };
      entry.names.push(name);
      readers.set(identity(setting), entry);
    }
  }
  const entries = [...readers.values()];
  const shared = entries.filter(({ names }) => names.length > 1)
    .map(({ setting, names }) => ({ setting, services: names.length === all.length ? 'all' : names.join(', ') }));
  const own = all.flatMap(({ name }) => {
    const rows = entries.filter(({ names }) => names.length === 1 && names[0] === name);
    return rows.length === 0 ? [] : [`## ${name}\n\n${table(rows)}\n`];
  });
  return [HEAD, `## Shared\n\n${table(shared)}\n`, ...own].join('\n');
}

/** What is wrong with an environment for a process: variables it doesn't know, and settings that it needs and doesn't get. */
export function mismatches({ name, settings }: Configuration, environment: readonly string[]): string[] {
  const known = new Set(settings.flatMap(({ env, type }) => (type === 'secret' ? [env, `${env}_FILE`] : [env])));
  return [
    ...environment.filter((variable) => !known.has(variable)).map((variable) => `${name} gets ${variable}, which it doesn't read`),
    ...settings.filter(({ env, type, default: value, optional }) => value === undefined && optional !== true
      && !environment.includes(env) && !(type === 'secret' && environment.includes(`${env}_FILE`)))
      .map(({ env }) => `${name} needs ${env}, which it doesn't get`),
    ...environment.filter((variable, index) => environment.indexOf(variable) !== index).map((variable) => `${name} gets ${variable} twice`),
  ];
}
