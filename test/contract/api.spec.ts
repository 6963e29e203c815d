import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

interface Schema { readonly $ref?: string; readonly type?: string; readonly enum?: readonly unknown[]; readonly properties?: Readonly<Record<string, Schema>>; readonly required?: readonly string[] }
interface Operation {
  readonly 'x-public'?: boolean; readonly 'x-asks'?: boolean; readonly security?: readonly unknown[]; readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required?: boolean }[];
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: Schema }>> }>>;
}

const { paths, components: { schemas } } = JSON.parse(readFileSync('docs/openapi.json', 'utf8')) as { readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>; readonly components: { readonly schemas: Readonly<Record<string, Schema>> } };
const operations = Object.entries(paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, method, operation })));
const whole = (schema: Schema | undefined): Schema => (schema?.$ref === undefined ? schema ?? {} : schemas[schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1)] ?? {});

describe('a POST', () => {
  const posts = operations.filter(({ method }) => method === 'post');
  const keyed = (operation: Operation): boolean => operation.parameters?.some(({ name, in: where, required }) => name === 'Idempotency-Key' && where === 'header' && required === false) === true;

  it('takes an Idempotency-Key, unless it makes and begins nothing', () => {
    expect(posts.filter(({ operation }) => !keyed(operation)).map(({ name }) => name).sort()).toEqual([
      // Of nobody known: a session is new each time, and a link works once.
      'POST /api/v1/invitations/accept', 'POST /api/v1/invitations/look-up', 'POST /api/v1/session',
      // Questions that don't fit into a URL.
      ...['audiences/preview', 'traits/preview', 'metrics/preview', 'segments/preview', 'sources/discover', 'sources/forecast', 'sources/test', 'sources/{id}/test', 'warehouses/test', 'warehouses/{id}/test', 'warehouses/{id}/query', 'warehouses/{id}/export']
        .map((path) => `POST /api/v1/${path}`),
    ].sort());
  });

  it('that takes none is marked as one that anybody may ask, or that only asks', () => {
    for (const { name, operation } of posts) expect([name, keyed(operation)]).toEqual([name, operation.security?.length !== 0 && operation['x-asks'] !== true]);
  });

  it('is the only one that takes it', () => {
    expect(operations.filter(({ method, operation }) => method !== 'post' && keyed(operation)).map(({ name }) => name)).toEqual([]);
  });
});

/** Sums over everything that was asked for, whose size doesn't grow with the workspace, or that are bounded by what was asked. */
const SUMS = ['/api/v1/usage', '/api/v1/sources/{id}/usage', '/api/v1/dead-letters/counts', '/api/v1/audit-log/actions'].map((path) => `GET ${path}`);

describe('a list', () => {
  const answers = operations.filter(({ method }) => method === 'get').map(({ name, operation }) => ({ name, operation, schema: whole(operation.responses['200']?.content?.['application/json']?.schema) }));
  const lists = answers.filter(({ schema }) => schema.properties?.['data']?.type === 'array');

  it('is never a bare array, to which nothing could be added', () => {
    expect(answers.filter(({ schema }) => schema.type === 'array').map(({ name }) => name)).toEqual([]);
  });

  it('comes in pages', () => {
    expect(lists.length).toBeGreaterThan(25);
    const paged = ({ operation, schema }: (typeof lists)[number]): boolean => schema.required?.includes('nextCursor') === true && ['limit', 'cursor'].every((wanted) => operation.parameters?.some(({ name, in: where }) => name === wanted && where === 'query'));
    expect(lists.filter((one) => !paged(one)).map(({ name }) => name).sort()).toEqual([...SUMS].sort());
  });
});

it('no two classes have the name of one schema', () => {
  const files = readdirSync('apps/gateway/src', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts') && !/\.(spec|factory)\.ts$/.test(file));
  const sources = files.map((file) => readFileSync(join('apps/gateway/src', file), 'utf8')).join('\n');
  const declared = (name: string): number => [...sources.matchAll(new RegExp(`^(?:export )?(?:abstract )?class ${name}\\b`, 'gm'))].length;
  expect(Object.entries(schemas).filter(([name, { enum: values }]) => declared(name) !== (values === undefined ? 1 : 0)).map(([name]) => [name, declared(name)])).toEqual([]);
  // One that is in no answer yet can't take another's name either.
  const names = [...sources.matchAll(/^(?:export )?(?:abstract )?class (\w+Dto)\b/gm)].map(([, name]) => name);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});
