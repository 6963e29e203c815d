import { invalid, missingParameter, unknownParameter } from './stripe-error.js';

/** A decoded query or form: `a[b]=1&c[]=2&c[1]=3` is `{a: {b: '1'}, c: ['2', '3']}`. Objects have no prototype. */
export type ParameterValue = string | ParameterValue[] | ParameterTree;
export interface ParameterTree { [name: string]: ParameterValue }

export const emptyTree = (): ParameterTree => Object.create(null) as ParameterTree;
const decode = (text: string): string => {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw invalid(`The request's parameters can't be decoded at ${JSON.stringify(text.slice(0, 40))}. Send them as application/x-www-form-urlencoded.`);
  }
};

/** @throws StripeApiError when the text isn't form-encoded. */
export function parseForm(text: string): ParameterTree {
  const tree = emptyTree();
  if (text === '') return tree;
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const at = pair.indexOf('=');
    const name = decode(at < 0 ? pair : pair.slice(0, at));
    const value = at < 0 ? '' : decode(pair.slice(at + 1));
    const bracket = name.indexOf('[');
    if (bracket <= 0) tree[name] = value;
    else assign(tree, [name.slice(0, bracket), ...name.slice(bracket + 1).replace(/\]$/, '').split('][')], value, name);
  }
  return tree;
}

function assign(tree: ParameterTree, path: readonly string[], value: string, name: string): void {
  let node: ParameterTree | ParameterValue[] = tree;
  for (const [depth, key] of path.entries()) {
    const last = depth === path.length - 1;
    const next = path[depth + 1];
    const child: ParameterValue = last ? value : next === '' || /^\d+$/.test(next ?? '') ? [] : emptyTree();
    if (Array.isArray(node)) {
      const index: number = key === '' ? node.length : Number(key);
      if (!Number.isInteger(index) || index > 1000) throw invalid(`Invalid array: ${name}`, undefined, path[0]);
      node[index] ??= child;
      if (last) node[index] = value;
      node = node[index] as ParameterTree;
    } else {
      if (last) node[key] = value;
      else node[key] ??= child;
      node = node[key] as ParameterTree;
    }
    if (!last && typeof node !== 'object') throw invalid(`Invalid object: ${name}`, undefined, path[0]);
  }
}

/** What a parameter of a write may be. `hash` and `list` keep their strings, `items` is a list of hashes. */
export type ParameterKind = 'text' | 'integer' | 'number' | 'boolean' | 'metadata' | 'hash' | 'list' | 'items';
export type ParameterKinds = Readonly<Record<string, ParameterKind>>;

/**
 * A write's parameters as JSON values; an empty string unsets (null). `expand` is always allowed.
 * @throws StripeApiError `parameter_unknown`, `parameter_missing`, `parameter_invalid_integer`
 */
export function readParameters(tree: ParameterTree, kinds: ParameterKinds, required: readonly string[] = []): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(tree)) {
    if (name === 'expand') continue;
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (kind === undefined) throw unknownParameter(name);
    values[name] = readValue(name, value, kind);
  }
  for (const name of required) if (values[name] === undefined || values[name] === null) throw missingParameter(name);
  return values;
}

function readValue(name: string, value: ParameterValue, kind: ParameterKind): unknown {
  if (value === '') return kind === 'metadata' ? null : kind === 'list' || kind === 'items' ? [] : null;
  if (kind === 'list' || kind === 'items') {
    if (!Array.isArray(value)) throw invalid(`Invalid array: ${name}`, undefined, name);
    return value.filter((item) => item !== undefined);
  }
  if (kind === 'hash' || kind === 'metadata') {
    if (typeof value !== 'object' || Array.isArray(value)) throw invalid(`Invalid object: ${name}`, undefined, name);
    return { ...value };
  }
  if (typeof value !== 'string') throw invalid(`Invalid string: ${name}`, undefined, name);
  switch (kind) {
    case 'text': return value;
    case 'integer': return readInteger(name, value);
    case 'number': return Number(value);
    case 'boolean':
      if (value !== 'true' && value !== 'false') throw invalid(`Invalid boolean: ${value}`, undefined, name);
      return value === 'true';
  }
}

export function readInteger(name: string, value: ParameterValue): number {
  if (typeof value !== 'string' || !/^-?\d{1,15}$/.test(value)) throw invalid(`Invalid integer: ${String(value)}`, 'parameter_invalid_integer', name);
  return Number(value);
}
