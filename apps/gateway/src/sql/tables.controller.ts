import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import type { Principal } from '#persistence';
import { Caller } from '../access/principal.js';
import { ListQuery, Page, pageOf } from '../http/paging.js';
import { Readers } from './readers.js';
import { sqlProblem } from './sql-problem.js';

class TableColumnDto {
  @ApiProperty() name!: string;
  @ApiProperty() type!: string;
}

class WarehouseTableDto {
  @ApiProperty() schema!: string;
  @ApiProperty() name!: string;
  @ApiProperty({ enum: ['table', 'view'] }) kind!: string;
  @ApiProperty({ type: () => TableColumnDto, isArray: true }) columns!: TableColumnDto[];
  @ApiProperty({ type: 'integer', nullable: true, description: 'null for a view.' }) rows!: number | null;
  @ApiProperty({ description: 'Large tables are not counted: the server\'s statistics tell.' }) estimated!: boolean;
  @ApiProperty({ type: Date, nullable: true, description: 'When the loader wrote to it last.' }) loadedAt!: Date | null;
}

class WarehouseTableListDto extends Page {
  @ApiProperty({ type: () => WarehouseTableDto, isArray: true }) data!: WarehouseTableDto[];
}

class SchemaChangeDto {
  @ApiProperty() at!: Date;
  @ApiProperty() schema!: string;
  @ApiProperty() table!: string;
  @ApiProperty({ example: 'column added' }) change!: string;
  @ApiProperty({ type: String, nullable: true }) column!: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'E.g. the type.' }) detail!: string | null;
}

class SchemaChangeListDto extends Page {
  @ApiProperty({ type: () => SchemaChangeDto, isArray: true }) data!: SchemaChangeDto[];
}

const CHANGES = 1_000;

@ApiTags('warehouses')
@Controller('api/v1/warehouses/:id')
export class TablesController {
  constructor(private readonly readers: Readers) {}

  @Get('tables')
  @ApiOperation({ summary: 'List a warehouse\'s tables', description: 'Of this workspace, with their columns, rows and when they were loaded last.' })
  @ApiOkResponse({ type: WarehouseTableListDto })
  async tables(@Caller() { workspaceId }: Principal, @Param('id') id: string, @Query() query: ListQuery): Promise<WarehouseTableListDto> {
    const reader = await this.readers.of(workspaceId, id);
    const tables = await reader.tables().catch((error: unknown) => { throw sqlProblem(error) ?? error; });
    return pageOf(tables.map((table) => ({ ...table, columns: [...table.columns] })), query, ({ schema, name }) => `${schema}.${name}`);
  }

  @Get('schema-changes')
  @ApiOperation({ summary: 'List changes of a warehouse\'s tables', description: 'What loading created, added and widened: the newest 1,000, newest first.' })
  @ApiOkResponse({ type: SchemaChangeListDto })
  async changes(@Caller() { workspaceId }: Principal, @Param('id') id: string, @Query() query: ListQuery): Promise<SchemaChangeListDto> {
    const reader = await this.readers.of(workspaceId, id);
    const changes = await reader.changes(CHANGES).catch((error: unknown) => { throw sqlProblem(error) ?? error; });
    return pageOf(changes, query, ({ at, schema, table, change, column }) => `${at.toISOString()} ${schema}.${table}.${column ?? ''} ${change}`);
  }
}
