import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { OpenAPIObject } from '@nestjs/swagger';
import { describeApi, openApiText } from './describe.js';

interface Operation { readonly operationId: string; readonly summary?: string; readonly security?: readonly unknown[]; readonly 'x-role'?: string; readonly responses: Record<string, { readonly content?: unknown }> }

let document: OpenAPIObject;
let operations: [string, Operation][];

beforeAll(async () => {
  document = await describeApi();
  operations = Object.entries(document.paths).flatMap(([path, item]) => Object.entries(item as Record<string, Operation>).map(([method, operation]): [string, Operation] => [`${method.toUpperCase()} ${path}`, operation]));
});

describe('the OpenAPI document', () => {
  it('is what docs/openapi.json says (npm run build && npm run docs)', () => {
    expect(readFileSync('docs/openapi.json', 'utf8')).toBe(openApiText(document));
  });

  it('says of every operation what it does, what it answers and how it refuses', () => {
    const poor = operations.filter(([, { summary, responses }]) => summary === undefined || responses['default'] === undefined || Object.keys(responses).every((status) => !/^[23]/.test(status)));
    expect(poor.map(([name]) => name)).toEqual([]);
    const ids = operations.map(([, { operationId }]) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('says who may: nobody signed in where access-walk.int.spec.ts lists it, viewers for what they only read', () => {
    const forViewers = operations.filter(([name, operation]) => !name.startsWith('GET') && operation['x-role'] === 'viewer').map(([name]) => name);
    expect(forViewers.filter((name) => !/ \/api\/v1\/(session|account)/.test(name))).toEqual(['POST /api/v1/sources/forecast']);
    const forOwners = operations.filter(([name]) => /api-keys|members|invitations|audit-log|\/client|PATCH \/api\/v1\/workspace$/.test(name) && !/^GET .*(client|members)|look-up|accept/.test(name));
    expect(forOwners.filter(([, operation]) => operation['x-role'] !== 'owner').map(([name]) => name)).toEqual([]);
    expect(forOwners.length).toBeGreaterThan(10);
  });

  it('leaves no reference open', () => {
    const schemas = new Set(Object.keys(document.components?.schemas ?? {}));
    const open = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name).filter((name) => name !== undefined && !schemas.has(name));
    expect(open).toEqual([]);
  });
});
