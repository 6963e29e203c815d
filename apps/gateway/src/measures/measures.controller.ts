import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { MeasureKind, Principal } from '#persistence';
import { Caller, Needs } from '../access/principal.js';
import { Catalog } from '../catalog/catalog.js';
import { Asks } from '../http/keyed.js';
import { ListQuery, PageQuery, page, pageOf } from '../http/paging.js';
import { ChangeMeasureDto, CreateMeasureDto, MadeMeasuresDto, MeasureDto, MeasureListDto, MeasurePreviewDto, MembersDto, PreviewMeasureDto, TemplateListDto, UseTemplatesDto } from './measures.dto.js';
import { MeasuresService, type MeasureView } from './measures.service.js';
import type { Rows } from './read-result.js';

const shown = ({ measure: { workspaceId: _, ...measure }, points }: MeasureView): MeasureDto => ({ ...measure, value: points.at(-1)?.value ?? null, points: [...points] });
const table = ({ columns, rows, truncated }: Rows): MembersDto => ({ columns: [...columns], rows: rows.map((row) => [...row]), truncated });

/** What metrics and segments have in common. */
abstract class MeasuresController {
  protected abstract readonly kind: MeasureKind;

  constructor(protected readonly measures: MeasuresService) {}

  @Get()
  @ApiOperation({ summary: 'List them', description: 'With their values; of a segment the number of its members.' })
  @ApiOkResponse({ type: MeasureListDto })
  async list(@Caller() { workspaceId }: Principal, @Query() { limit, cursor }: PageQuery): Promise<MeasureListDto> {
    const found = (await this.measures.list(workspaceId, this.kind, limit + 1, cursor)).map(shown);
    const { items, nextCursor } = page(found, limit);
    return { data: [...items], nextCursor };
  }

  @Post()
  @ApiOperation({ summary: 'Make one by SQL' })
  @ApiCreatedResponse({ type: MeasureDto })
  async create(@Caller() { workspaceId }: Principal, @Body() { warehouseId, name, description = '', sql, unit = '' }: CreateMeasureDto): Promise<MeasureDto> {
    return shown(await this.measures.create({ workspaceId, kind: this.kind, warehouseId, sourceId: null, template: null, name, description, sql, unit }));
  }

  @Post('preview')
  @Asks()
  @HttpCode(200)
  @ApiOperation({ summary: 'Try SQL', description: 'Runs it under the read-only login; nothing is kept. Refused with what the SQL should bring.' })
  @ApiOkResponse({ type: MeasurePreviewDto })
  async preview(@Caller() { workspaceId }: Principal, @Body() { warehouseId, sql }: PreviewMeasureDto): Promise<MeasurePreviewDto> {
    const { points, ...rows } = await this.measures.preview(workspaceId, this.kind, warehouseId, sql);
    return { ...table(rows), points: [...points] };
  }

  @Get(':id')
  @ApiOperation({ summary: 'Get one' })
  @ApiOkResponse({ type: MeasureDto })
  async get(@Caller() { workspaceId }: Principal, @Param('id') id: string): Promise<MeasureDto> { return shown(await this.measures.get(workspaceId, this.kind, id)); }

  @Patch(':id')
  @ApiOperation({ summary: 'Change one' })
  @ApiOkResponse({ type: MeasureDto })
  async change(@Caller() { workspaceId }: Principal, @Param('id') id: string, @Body() change: ChangeMeasureDto): Promise<MeasureDto> { return shown(await this.measures.change(workspaceId, this.kind, id, change)); }

  @Post(':id/measure')
  @HttpCode(200)
  @ApiOperation({ summary: 'Measure one now', description: 'What went wrong is its `error`.' })
  @ApiOkResponse({ type: MeasureDto })
  async measure(@Caller() { workspaceId }: Principal, @Param('id') id: string): Promise<MeasureDto> { return shown(await this.measures.measure(workspaceId, this.kind, id)); }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete one' })
  @ApiNoContentResponse()
  remove(@Caller() { workspaceId }: Principal, @Param('id') id: string): Promise<void> { return this.measures.remove(workspaceId, this.kind, id); }
}

@ApiTags('metrics')
@Controller('api/v1/metrics')
export class MetricsController extends MeasuresController {
  protected override readonly kind = 'metric';

  constructor(measures: MeasuresService) { super(measures); }
}

@ApiTags('segments')
@Controller('api/v1/segments')
export class SegmentsController extends MeasuresController {
  protected override readonly kind = 'segment';

  constructor(measures: MeasuresService) { super(measures); }

  @Get(':id/members')
  @Needs('editor')
  @ApiOperation({ summary: 'List a segment\'s first members', description: 'Read from the warehouse now.' })
  @ApiOkResponse({ type: MembersDto })
  async members(@Caller() { workspaceId }: Principal, @Param('id') id: string): Promise<MembersDto> { return table(await this.measures.members(workspaceId, id)); }
}

@ApiTags('templates')
@Controller('api/v1/templates')
export class TemplatesController {
  constructor(private readonly catalog: Catalog, private readonly measures: MeasuresService) {}

  @Get()
  @ApiOperation({ summary: 'List the connectors\' templates of metrics and segments' })
  @ApiOkResponse({ type: TemplateListDto })
  list(@Query() query: ListQuery): TemplateListDto {
    return pageOf(this.catalog.connectors.flatMap(({ declaration: { name: connector, templates = [] } }) => templates.map(({ name, kind, title, description, collections, sql }) => ({ connector, name, kind, title, description, collections: [...collections], sql }))), query, ({ connector, kind, name }) => `${connector} ${kind} ${name}`);
  }

  @Post()
  @ApiOperation({ summary: 'Make metrics and segments of templates for a source' })
  @ApiCreatedResponse({ type: MadeMeasuresDto })
  async use(@Caller() { workspaceId }: Principal, @Body() { sourceId, templates }: UseTemplatesDto): Promise<MadeMeasuresDto> {
    return { data: (await this.measures.fromTemplates(workspaceId, sourceId, templates)).map(shown) };
  }
}
