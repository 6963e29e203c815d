import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Controller, Get, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Public } from '../access/principal.js';
import { notFound } from '../http/problem.js';

/** Where `npm run build` of the console puts it, seen from the compiled gateway. */
export const CONSOLE_FOLDER = fileURLToPath(new URL('../../../../console/', import.meta.url));

const UNBUILT = `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Cloud sources</title>
<body style="font:16px/1.5 system-ui;max-width:40rem;margin:4rem auto;padding:0 1rem">
<h1>Cloud sources</h1>
<p>The console isn't built here. The REST API is documented at <a href="/api/docs">/api/docs</a>; the document itself is <a href="/api/docs-json">/api/docs-json</a>.</p>
</body></html>
`;

/** Scripts come from here only; the component library sets styles of its own. */
const POLICY = `default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'`;

/** The console: its files by name, and its page for every other address that isn't the API's, since the addresses are the console's own. */
@ApiExcludeController()
@Public()
@Controller()
export class ConsoleController {
  private readonly files = new Set(existsSync(CONSOLE_FOLDER) ? readdirSync(CONSOLE_FOLDER, { recursive: true }).map((file) => String(file).replaceAll('\\', '/')) : []);
  private readonly page = this.files.has('index.html') ? readFileSync(join(CONSOLE_FOLDER, 'index.html'), 'utf8') : UNBUILT;

  @Get()
  home(@Res() reply: FastifyReply): Promise<void> { return this.show(reply); }

  @Get('*')
  async any(@Req() { url }: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const file = new URL(url, 'http://console').pathname.slice(1);
    if (file.startsWith('api/') || file === 'api') throw notFound('route');
    if (file !== 'index.html' && this.files.has(file)) {
      // A build names what it makes by its content.
      const forever = file.startsWith('assets/');
      await reply.header('cache-control', forever ? 'public, max-age=31536000, immutable' : 'public, max-age=3600').sendFile(file);
      return;
    }
    if (file.startsWith('assets/')) throw notFound('file');
    return this.show(reply);
  }

  private async show(reply: FastifyReply): Promise<void> {
    await reply.header('content-type', 'text/html; charset=utf-8').header('cache-control', 'no-cache').header('content-security-policy', POLICY).send(this.page);
  }
}
