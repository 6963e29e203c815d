import { Body, Controller, Delete, Get, Headers, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Principal, WarehouseEntity } from '#persistence';
import { Caller } from '../access/principal.js';
import { Asks, CreatesOnce } from '../http/keyed.js';
import { PageQuery, page } from '../http/paging.js';
import { Readers } from '../sql/readers.js';
import { ChangeWarehouseDto, CreateWarehouseDto, TestWarehouseDto, WarehouseDto, WarehouseListDto, WarehouseTestDto } from './warehouses.dto.js';
import { WarehousesService, type WarehouseProblems } from './warehouses.service.js';

const shown = ({ id, name, kind, location, enabled, readerUser, busyHours, createdAt }: WarehouseEntity): WarehouseDto => ({ id, name, kind, location, enabled, readerUser, busyHours, createdAt });

@ApiTags('warehouses')
@Controller('api/v1/warehouses')
export class WarehousesController {
  constructor(private readonly warehouses: WarehousesService, private readonly readers: Readers) {}

  @Get()
  @ApiOperation({ summary: 'List warehouses' })
  @ApiOkResponse({ type: WarehouseListDto })
  async list(@Caller() { workspaceId }: Principal, @Query() { limit, cursor }: PageQuery): Promise<WarehouseListDto> {
    const { items, nextCursor } = page(await this.warehouses.list(workspaceId, limit + 1, cursor), limit);
    return { data: items.map(shown), nextCursor };
  }

  @Post()
  @ApiOperation({ summary: 'Connect a warehouse', description: 'Tested first: host, login and every privilege that loading needs.' })
  @CreatesOnce()
  @ApiCreatedResponse({ type: WarehouseDto })
  async create(@Caller() { workspaceId }: Principal, @Body() { name, url, reader }: CreateWarehouseDto, @Headers('idempotency-key') key: string | undefined): Promise<WarehouseDto> {
    return shown(await this.warehouses.create(workspaceId, { name, url, ...(reader !== undefined && { reader: { user: reader.user, password: reader.password } }) }, key));
  }

  @Post('test')
  @Asks()
  @HttpCode(200)
  @ApiOperation({ summary: 'Test a warehouse that is not saved' })
  @ApiOkResponse({ type: WarehouseTestDto })
  async test(@Body() { url, reader }: TestWarehouseDto): Promise<WarehouseTestDto> { return result(await this.warehouses.testBoth(url, reader)); }

  @Get(':id')
  @ApiOperation({ summary: 'Get a warehouse' })
  @ApiOkResponse({ type: WarehouseDto })
  async get(@Caller() { workspaceId }: Principal, @Param('id') id: string): Promise<WarehouseDto> { return shown(await this.warehouses.get(workspaceId, id)); }

  @Patch(':id')
  @ApiOperation({ summary: 'Enable, disable or move a warehouse, or say when it is busy', description: 'With url: the same tables at another address, or with another login. With reader: a login for SQL.' })
  @ApiOkResponse({ type: WarehouseDto })
  async change(@Caller() { workspaceId }: Principal, @Param('id') id: string, @Body() { enabled, busyHours, url, reader }: ChangeWarehouseDto): Promise<WarehouseDto> {
    const before = reader !== undefined && (await this.warehouses.get(workspaceId, id)).readerUser !== (reader?.user ?? null) ? await this.readers.of(workspaceId, id) : undefined;
    const changed = await this.warehouses.change(workspaceId, id, { url, reader }, { ...(enabled !== undefined && { enabled }), ...(busyHours !== undefined && { busyHours: busyHours.map(({ from, to }) => ({ from, to })) }) });
    // The login that SQL no longer runs under reads nothing any more.
    await before?.remove().catch(() => undefined);
    return shown(changed);
  }

  @Post(':id/test')
  @Asks()
  @HttpCode(200)
  @ApiOperation({ summary: 'Test a saved warehouse' })
  @ApiOkResponse({ type: WarehouseTestDto })
  async testSaved(@Caller() { workspaceId }: Principal, @Param('id') id: string): Promise<WarehouseTestDto> { return result(await this.warehouses.testSaved(workspaceId, id)); }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Disconnect a warehouse', description: 'Refused while sources load into it, or traits and audiences are computed in it or still being deleted: the answer names them. Its tables stay.' })
  @ApiNoContentResponse({ description: 'Disconnected.' })
  async delete(@Caller() { workspaceId }: Principal, @Param('id') id: string): Promise<void> {
    const reader = await this.readers.of(workspaceId, id);
    await this.warehouses.delete(workspaceId, id);
    // One that is away keeps a login that nobody has the password of.
    await reader.remove().catch(() => undefined);
  }
}

const result = ({ load, sql }: WarehouseProblems): WarehouseTestDto => ({ ok: load.length === 0, problems: [...load], sqlProblems: [...sql] });
