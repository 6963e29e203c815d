import type { ConnectorDeclaration, Credentials } from '#connector-kit';
import { invalid, type FieldError } from '../http/problem.js';

const DAY_MS = 86_400_000;
/** A year and a day, so that the answer doesn't depend on the hour or on a leap year. */
const OLDEST_MS = 367 * DAY_MS;

export interface Configuration {
  /** All values, secrets included. */
  readonly credentials: Credentials;
  /** Those that may be shown. */
  readonly shown: Record<string, string>;
}

/** Values against the connector's declaration, defaults filled in. @throws Problem naming fields, never values. */
export function readConfiguration({ configuration, title, methods = [] }: Pick<ConnectorDeclaration, 'configuration' | 'title' | 'methods'>, values: Readonly<Record<string, unknown>>): Configuration {
  const errors: FieldError[] = [];
  const known = new Set(configuration.map(({ name }) => name));
  for (const name of Object.keys(values)) if (!known.has(name)) errors.push({ field: `configuration.${name.slice(0, 100)}`, message: `${title} has no such setting. It has: ${[...known].join(', ')}.` });
  const credentials: Record<string, string> = {};
  const shown: Record<string, string> = {};
  for (const field of configuration) {
    const given = Object.hasOwn(values, field.name) ? values[field.name] : undefined;
    const fail = (message: string): void => { errors.push({ field: `configuration.${field.name}`, message }); };
    if (given !== undefined && typeof given !== 'string') { fail(`${field.title} must be text.`); continue; }
    const value = given?.trim() || field.default;
    if (value === undefined) {
      if (field.required) fail(`${field.title} is missing.`);
      continue;
    }
    if (value.length > 10_000) fail(`${field.title} is too long.`);
    else if (field.pattern !== undefined && !new RegExp(field.pattern).test(value)) fail(`${field.title} doesn't look right${field.placeholder === undefined ? '' : `; it looks like ${field.placeholder}`}.`);
    else if (field.type === 'url' && !(URL.canParse(value) && /^https?:$/.test(new URL(value).protocol))) fail(`${field.title} must be a URL.`);
    credentials[field.name] = value;
    if (field.type !== 'secret') shown[field.name] = value;
  }
  const ways = methods.filter(({ fields }) => fields.length > 0);
  if (ways.length > 0 && !ways.some(({ fields }) => fields.every((name) => credentials[name] !== undefined))) {
    errors.push({ field: 'configuration', message: `${title} needs one of: ${ways.map((way) => `${way.title} (${way.fields.join(', ')})`).join('; ')}; or a sign-in (grantId).` });
  }
  if (errors.length > 0) throw invalid(errors);
  return { credentials, shown };
}

/** Names of known collections, each once; the connector's default selection when none are given. @throws Problem */
export function readCollections({ collections, title, discovered }: Pick<ConnectorDeclaration, 'collections' | 'title' | 'discovered'>, asked: readonly string[] | undefined): string[] {
  if (asked === undefined) return collections.filter(({ selectedByDefault }) => selectedByDefault).map(({ name }) => name);
  const known = new Set(collections.map(({ name }) => name));
  const unknown = asked.filter((name) => !known.has(name));
  if (unknown.length > 0) throw invalid([{ field: 'collections', message: `${title} has no collection ${unknown.slice(0, 5).map((name) => name.slice(0, 100)).join(', ')}.${discovered === undefined ? '' : ' One that is new in the account must be looked for first (POST /api/v1/sources/{id}/collections/discover).'}` }]);
  return [...new Set(asked)];
}

/** Whether one of them is an object collection. */
export const hasObjects = ({ collections }: Pick<ConnectorDeclaration, 'collections'>, selected: readonly string[]): boolean =>
  collections.some(({ name, kind }) => kind === 'object' && selected.includes(name));

/** The sync start date: at most one year back, and that when none is given. @throws Problem */
export function readStartDate(asked: string | undefined, now: number): Date {
  if (asked === undefined) return new Date(now - 365 * DAY_MS);
  const at = Date.parse(asked);
  if (Number.isNaN(at) || at > now || at < now - OLDEST_MS) throw invalid([{ field: 'startDate', message: 'startDate must be a date within the last year.' }]);
  return new Date(at);
}

const MAX_SLUG = 63;
const RESERVED = /^(pg_|information_schema$|public$|_cloud_sources)/;

/** A slug out of a name: `[a-z0-9_]`, never one of PostgreSQL's own schemas. `kind` comes before what can't stand alone. */
export function toSlug(name: string, kind = 'source'): string {
  const plain = name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replace(/[^a-z0-9]+/g, '_').replace(/^_+|_+$/g, '') || kind;
  return (/^[0-9]/.test(plain) || RESERVED.test(plain) ? `${kind}_${plain}` : plain).slice(0, MAX_SLUG);
}

/** `slug_2`, `slug_3`, … within the length of a name. */
export const numberedSlug = (slug: string, count: number): string => `${slug.slice(0, MAX_SLUG - String(count).length - 1)}_${count}`;

/** Whether a person may choose it. */
export const isSlug = (slug: string): boolean => /^[a-z][a-z0-9_]{0,62}$/.test(slug) && !RESERVED.test(slug);
