import { once } from 'node:events';
import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { Principal, SavedQuery, SqlQuery } from '#persistence';
import type { Cell, ResultColumn } from '#warehouse';
import { Caller, Needs } from '../access/principal.js';
import { GatewayConfig } from '../gateway.config.js';
import { Asks } from '../http/keyed.js';
import { leaving } from '../http/leaving.js';
import { ListQuery, PageQuery, page, pageOf } from '../http/paging.js';
import { resultFormats } from './result-format.js';
import { ExportDto, QueryResultDto, RunQueryDto, SaveQueryDto, SavedQueryDto, SavedQueryListDto, SqlQueryDto, SqlQueryListDto } from './sql.dto.js';
import { SqlService } from './sql.service.js';

const shown = ({ id, kind, author, statement, state, startedAt, durationMs, rowCount, truncated, error }: SqlQuery): SqlQueryDto => ({ id, kind, author, statement, state, startedAt, durationMs, rowCount, truncated, error });
const kept = ({ id, name, statement, author, createdAt, updatedAt }: SavedQuery): SavedQueryDto => ({ id, name, statement, author, createdAt, updatedAt });

/** SQL is for editors: it reads every row of the workspace. What they keep may quote rows, so it is theirs too. */
@ApiTags('SQL')
@Needs('editor')
@Controller('api/v1/warehouses/:id')
export class SqlController {
  constructor(private readonly sql: SqlService, private readonly config: GatewayConfig) {}

  @Post('query')
  @Asks()
  @HttpCode(200)
  @ApiOperation({ summary: 'Run a query', description: 'Under a login that can read this workspace\'s tables and nothing else, in a transaction that is rolled back. Going away cancels it. Limits: time, rows, bytes, cost of the plan.' })
  @ApiOkResponse({ type: QueryResultDto })
  async query(@Caller() caller: Principal, @Param('id') warehouseId: string, @Body() { statement, maxRows }: RunQueryDto, @Res({ passthrough: true }) reply: FastifyReply): Promise<QueryResultDto> {
    let columns: readonly ResultColumn[] = [];
    const rows: Cell[][] = [];
    const { id, truncated, durationMs } = await this.sql.run(caller, {
      warehouseId, statement, kind: 'query', maxRows: Math.min(maxRows, this.config.sqlMaxRows), maxBytes: this.config.sqlMaxBytes, signal: leaving(reply),
      onRows: (named, batch) => { columns = named; rows.push(...batch as Cell[][]); },
    });
    return { id, columns: [...columns], rows, truncated, durationMs };
  }

  @Post('export')
  @Asks()
  @HttpCode(200)
  @ApiOperation({ summary: 'Export a query', description: 'As a file, row by row as it is read. The header `x-query-id` names it in the history, which says how many rows it had and whether it was cut at the limit.' })
  @ApiOkResponse({ description: 'One line, or one object, a row.', content: { 'text/csv': { schema: { type: 'string' } }, 'application/json': { schema: { type: 'array', items: { type: 'object', additionalProperties: true } } } } })
  async export(@Caller() caller: Principal, @Param('id') warehouseId: string, @Body() { statement, format }: ExportDto, @Res() reply: FastifyReply): Promise<void> {
    const file = resultFormats[format]();
    let begun = false;
    try {
      await this.sql.run(caller, {
        warehouseId, statement, kind: 'export', maxRows: this.config.sqlExportMaxRows, maxBytes: Number.MAX_SAFE_INTEGER, signal: leaving(reply),
        onRows: async (columns, rows, id) => {
          if (!begun) {
            reply.hijack();
            reply.raw.writeHead(200, { 'content-type': file.contentType, 'content-disposition': `attachment; filename="query-${id}.${format}"`, 'x-query-id': id, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
            begun = true;
            reply.raw.write(file.begin(columns));
          }
          if (!reply.raw.write(file.rows(columns, rows)) && !reply.raw.destroyed) await Promise.race([once(reply.raw, 'drain'), once(reply.raw, 'close')]);
        },
      });
      reply.raw.end(file.end());
    } catch (error) {
      // Once the file has begun, only a broken connection says that it isn't whole.
      if (!begun) throw error;
      reply.raw.destroy();
    }
  }

  @Get('queries')
  @ApiOperation({ summary: 'History of queries', description: 'Of everybody in the workspace, newest first; the newest thousand are kept.' })
  @ApiOkResponse({ type: SqlQueryListDto })
  async history(@Caller() { workspaceId }: Principal, @Param('id') warehouseId: string, @Query() { limit, cursor }: PageQuery): Promise<SqlQueryListDto> {
    const { items, nextCursor } = page(await this.sql.history(workspaceId, warehouseId, limit + 1, cursor), limit);
    return { data: items.map(shown), nextCursor };
  }

  @Post('queries/:queryId/cancel')
  @HttpCode(202)
  @ApiOperation({ summary: 'Cancel a query', description: 'Anybody\'s in the workspace. One that is over stays as it is.' })
  @ApiAcceptedResponse({ type: SqlQueryDto })
  async cancel(@Caller() caller: Principal, @Param('id') warehouseId: string, @Param('queryId') queryId: string): Promise<SqlQueryDto> { return shown(await this.sql.cancel(caller, warehouseId, queryId)); }

  @Get('saved-queries')
  @ApiOperation({ summary: 'List saved queries', description: 'By name.' })
  @ApiOkResponse({ type: SavedQueryListDto })
  async saved(@Caller() { workspaceId }: Principal, @Param('id') warehouseId: string, @Query() query: ListQuery): Promise<SavedQueryListDto> { return pageOf((await this.sql.saved(workspaceId, warehouseId)).map(kept), query, ({ id }) => id); }

  @Put('saved-queries')
  @ApiOperation({ summary: 'Save a query', description: 'For everybody in the workspace. One of that name is replaced.' })
  @ApiOkResponse({ type: SavedQueryDto })
  async save(@Caller() caller: Principal, @Param('id') warehouseId: string, @Body() { name, statement }: SaveQueryDto): Promise<SavedQueryDto> { return kept(await this.sql.save(caller, warehouseId, name, statement)); }

  @Delete('saved-queries/:savedId')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete a saved query' })
  @ApiNoContentResponse({ description: 'Deleted.' })
  forget(@Caller() { workspaceId }: Principal, @Param('id') warehouseId: string, @Param('savedId') savedId: string): Promise<void> { return this.sql.forget(workspaceId, warehouseId, savedId); }
}
