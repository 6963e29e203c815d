import { expect, it } from '@jest/globals';
import { AllowedMethods } from './allowed-methods.js';

it('knows the methods of a path', () => {
  const methods = new AllowedMethods();
  for (const [method, url] of [['GET', '/api/v1/sources/:id'], ['DELETE', '/api/v1/sources/:id'], ['GET', '/api/v1/sources'], ['GET', '/*'], ['GET', '/api/docs/asyncapi.json']] as const) methods.add(method, url);
  expect(methods.of('/api/v1/sources/1')).toEqual(['DELETE', 'GET']);
  expect(methods.of('/api/v1/sources')).toEqual(['GET']);
  for (const path of ['/', '/api/v1/sources/1/runs', '/api/docs/asyncapiXjson', '/api/v1/sources/']) expect([path, methods.of(path)]).toEqual([path, path.endsWith('sources/') ? ['GET'] : []]);
});
