import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Controller, Get, Header, Param, Res } from '@nestjs/common';
import { ApiExcludeController, type OpenAPIObject } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { asyncApi, jsonSchemas, type PublishedConnector } from '#contracts';
import { Catalog } from '../catalog/catalog.js';
import { GatewayConfig } from '../gateway.config.js';
import { Public } from '../access/principal.js';
import { notFound } from '../http/problem.js';
import { Documents } from './documents.js';

const ui = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
const FILES: Readonly<Record<string, string>> = { 'swagger-ui.css': 'text/css', 'swagger-ui-bundle.js': 'text/javascript', 'favicon-32x32.png': 'image/png' };

const PAGE = `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Cloud sources API</title>
<link rel="stylesheet" href="/api/docs/ui/swagger-ui.css"><link rel="icon" href="/api/docs/ui/favicon-32x32.png">
<div id="docs"></div>
<script src="/api/docs/ui/swagger-ui-bundle.js"></script><script src="/api/docs/ui/start.js"></script>
</html>
`;
const START = `SwaggerUIBundle({ url: '/api/docs-json', dom_id: '#docs', deepLinking: true, tryItOutEnabled: true });\n`;
/** Everything comes from here; the UI sets styles of its own. */
const POLICY = `default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'`;

/** The OpenAPI document, and a page to read it and try it out. */
@ApiExcludeController()
@Public()
@Controller('api')
export class DocsController {
  constructor(private readonly documents: Documents, private readonly catalog: Catalog, private readonly config: GatewayConfig) {}

  @Get('docs')
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('content-security-policy', POLICY)
  page(): string { return PAGE; }

  @Get('docs-json')
  document(): OpenAPIObject { return this.documents.openApi(); }

  /** What downstream teams consume, with this installation's topic names. */
  @Get('docs/asyncapi.json')
  topics(): object { return asyncApi(this.published(), this.config.topicPrefix); }

  @Get('docs/schemas.json')
  schemas(): object { return jsonSchemas(this.published()); }

  private published(): PublishedConnector[] { return this.catalog.connectors.map(({ declaration }) => declaration); }

  @Get('docs/ui/:file')
  async file(@Param('file') file: string, @Res() reply: FastifyReply): Promise<void> {
    const type = Object.hasOwn(FILES, file) ? FILES[file] : undefined;
    if (file !== 'start.js' && type === undefined) throw notFound('file');
    const body = type === undefined ? START : await readFile(join(ui, file));
    await reply.header('content-type', type ?? 'text/javascript').header('cache-control', 'public, max-age=3600').send(body);
  }
}
