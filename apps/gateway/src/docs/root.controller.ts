import { Controller, Get, Header } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Public } from '../access/principal.js';

const PAGE = `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><link rel="icon" href="/api/docs/ui/favicon-32x32.png"><title>Cloud sources</title>
<body style="font:16px/1.5 system-ui;max-width:40rem;margin:4rem auto;padding:0 1rem">
<h1>Cloud sources</h1>
<p>This is the gateway. Its REST API is documented at <a href="/api/docs">/api/docs</a>; the document itself is <a href="/api/docs-json">/api/docs-json</a>.</p>
</body></html>
`;

@ApiExcludeController()
@Controller()
export class RootController {
  @Get()
  @Public()
  @Header('content-type', 'text/html; charset=utf-8')
  page(): string { return PAGE; }
}
