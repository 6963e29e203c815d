import { createHash } from 'node:crypto';
import { UNSTORABLE } from './values.js';

/** Bytes that PostgreSQL keeps of an identifier; ours are ASCII, so characters too. */
export const MAX_IDENTIFIER = 63;

const SYSTEM_COLUMNS = ['ctid', 'xmin', 'xmax', 'cmin', 'cmax', 'tableoid'];
const COMMON = ['id', 'received_at', 'uuid_ts', '_version', '_run_id', '_extra', ...SYSTEM_COLUMNS];
const RESERVED = {
  object: new Set([...COMMON, 'is_deleted']),
  event: new Set([...COMMON, 'timestamp', 'event', 'event_text']),
} as const;

/** Letters that decomposition leaves whole, and the scripts that have one plain Latin spelling a letter. */
const LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', đ: 'd', ð: 'd', þ: 'th', ł: 'l', ħ: 'h', ı: 'i', ŋ: 'ng', ĸ: 'k', ŧ: 't', ə: 'e',
  а: 'a', б: 'b', в: 'v', г: 'g', ґ: 'g', д: 'd', е: 'e', є: 'ie', ж: 'zh', з: 'z', и: 'i', і: 'i', к: 'k', л: 'l', м: 'm', н: 'n', о: 'o', п: 'p',
  р: 'r', с: 's', т: 't', у: 'u', ф: 'f', х: 'kh', ц: 'ts', ч: 'ch', ш: 'sh', щ: 'shch', ъ: '', ы: 'y', ь: '', э: 'e', ю: 'yu', я: 'ya',
  α: 'a', β: 'b', γ: 'g', δ: 'd', ε: 'e', ζ: 'z', η: 'i', θ: 'th', ι: 'i', κ: 'k', λ: 'l', μ: 'm', ν: 'n', ξ: 'x', ο: 'o', π: 'p', ρ: 'r', σ: 's',
  ς: 's', τ: 't', υ: 'y', φ: 'f', χ: 'ch', ψ: 'ps', ω: 'o',
};

/** `createdAt`, `Créé le`, `HTTPStatus` → `created_at`, `cree_le`, `http_status`; '' when nothing can be spelled in ASCII. */
export function snakeCase(source: string): string {
  const words = source.normalize('NFKC')
    .replace(/([\p{Ll}\p{Nd}])(\p{Lu})/gu, '$1_$2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1_$2')
    .toLowerCase().normalize('NFD').replace(/\p{M}+/gu, '')
    .replace(/[^\x00-\x7f]/gu, (letter) => LETTERS[letter] ?? '_')
    .replace(/[^a-z0-9_]+/g, '_').replace(/_+/g, '_');
  const lead = source.startsWith('_') ? '_' : '';
  return lead + words.replace(/^_|_$/g, '');
}

const hash = (source: string): string => createHash('sha256').update(source).digest('hex').slice(0, 8);

/** The name with 8 hex digits of the source's hash, within 63. */
export const withHash = (name: string, source: string): string => `${name.slice(0, MAX_IDENTIFIER - 9)}_${hash(source)}`;

/** A name of the partner's (a collection, a slug) as an identifier; cut names carry a hash. `room` is kept for a suffix. */
export function identifier(source: string, room = 0): string {
  let name = snakeCase(source);
  if (/^\d/.test(name)) name = `_${name}`;
  if (name === '' || name === '_') name = source === '' ? '_unnamed' : withHash('_unnamed', source);
  return name.length > MAX_IDENTIFIER - room ? `${name.slice(0, MAX_IDENTIFIER - room - 9)}_${hash(source)}` : name;
}

/** A source's schema; never one of PostgreSQL's or ours. */
export function schemaName(slug: string): string {
  const name = identifier(slug);
  return /^pg_/.test(name) || ['_cloud_sources', 'public', 'information_schema', 'audiences', 'traits'].includes(name) ? withHash(`source_${name}`, slug) : name;
}

/** A collection's table: short enough for `<table>_live`, and never the name of another table's view. */
export function tableName(collection: string): string {
  const name = identifier(collection, 5);
  return name.endsWith('_live') ? withHash(name.slice(0, MAX_IDENTIFIER - 14), collection) : name;
}

/** One field's path as the registry keeps it: keys joined by dots, dots inside a key escaped. */
export const sourcePath = (keys: readonly string[]): string => {
  const path = keys.map((key) => key.replace(/[\\.]/g, '\\$&')).join('.');
  return UNSTORABLE.test(path) ? JSON.stringify(path) : path;
};

/** The column that a path would like to have: not cut, reserved names with the suffix `_field`. */
function plainName(keys: readonly string[], kind: 'object' | 'event'): string {
  let name = keys.map((key) => (key === '' ? '_unnamed' : snakeCase(key))).join('_').replace(/_+/g, '_');
  if (/^\d/.test(name)) name = `_${name}`;
  if (name === '' || name === '_') name = withHash('_unnamed', sourcePath(keys));
  return RESERVED[kind].has(name) || name.startsWith('_cs_') ? `${name}_field` : name;
}

/**
 * The column for a new path. Persisted by the caller and never computed again. Cut names and those that are `taken` carry
 * the path's hash; a name that a declared field spells exactly stays free for that field.
 */
export function columnName(keys: readonly string[], kind: 'object' | 'event', taken: ReadonlySet<string>, declared: Readonly<Record<string, unknown>>): string {
  const path = sourcePath(keys);
  const plain = plainName(keys, kind);
  const anothers = keys.length === 1 && keys[0] !== plain && Object.hasOwn(declared, plain);
  if (plain.length <= MAX_IDENTIFIER && !taken.has(plain) && !anothers) return plain;
  const hashed = withHash(plain, path);
  return taken.has(hashed) ? withHash(plain, `${path} ${hashed}`) : hashed;
}

/** Always quoted, so that no word of SQL's gets in the way. */
export const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;
