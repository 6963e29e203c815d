import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { ProblemDto } from '../http/problem.dto.js';

/** On every POST that makes or begins something; the interceptor sees to it. */
const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key', in: 'header', required: false, schema: { type: 'string', minLength: 1, maxLength: 200, pattern: '^[\\x21-\\x7e]+$' },
  description: 'Chosen by the client for one request, e.g. a UUID. For 24 hours the same request under the same key is done once and answered alike, but for secrets that are shown once; another request under it is refused (422).',
} as const;

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

/** The OpenAPI 3.1 document of the REST API. `docs/openapi.json` is this, and a spec compares them. */
export function openApi(app: INestApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Cloud sources')
    .setDescription('Brings data from the tools a company uses into Kafka topics and a SQL warehouse. Refusals are problem details (RFC 9457) with a stable `code` and a `remedy`.')
    .setVersion('1')
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'An API key.' }, 'apiKey')
    .addCookieAuth('cs_session', { type: 'apiKey', in: 'cookie', description: 'Set by POST /api/v1/session.' }, 'session')
    .build();
  const document = SwaggerModule.createDocument(app, { ...config, security: [{ apiKey: [] }, { session: [] }] }, {
    extraModels: [ProblemDto], operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '').replace(/^./, (letter) => letter.toLowerCase())}_${method}`,
  });
  for (const path of Object.values(document.paths)) {
    for (const method of METHODS) {
      const operation = path[method];
      if (operation === undefined) continue;
      operation.responses['default'] = { description: 'Refused: what happened and what to do.', content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/ProblemDto' } } } };
      const marks = operation as { 'x-public'?: boolean; 'x-role'?: string; 'x-asks'?: boolean };
      operation.parameters = operation.parameters?.filter((parameter) => !('name' in parameter) || parameter.name.toLowerCase() !== 'idempotency-key') ?? [];
      if (method === 'post' && marks['x-public'] !== true && marks['x-asks'] !== true) operation.parameters.push(IDEMPOTENCY_KEY);
      if (marks['x-public'] === true) operation.security = [];
      else marks['x-role'] ??= method === 'get' ? 'viewer' : 'editor';
    }
  }
  return document;
}
