import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { parentsOf, type Connector } from '#connector-kit';
import { ListQuery, pageOf } from '../http/paging.js';
import { notFound } from '../http/problem.js';
import { Catalog } from './catalog.js';
import { CatalogDto, CatalogEntryDto } from './catalog.dto.js';

function entry({ declaration, oauth }: Connector): CatalogEntryDto {
  const { name, title, description, documentationUrl, auth, configuration, methods, collections, discovered, limits, webhook } = declaration;
  return {
    name, title, description, documentationUrl, auth: [...auth],
    oauth: oauth === undefined ? null : { provides: ['accessToken', ...oauth.provides ?? []], scopes: [...oauth.scopes] },
    sync: collections.some(({ components }) => components.includes('sync')),
    streaming: webhook !== undefined,
    kinds: (['object', 'event'] as const).filter((kind) => collections.some((collection) => collection.kind === kind)),
    limits: { text: limits.text, ...(limits.callsPerDay !== undefined && { callsPerDay: limits.callsPerDay }) },
    configuration: configuration.map((field) => ({ ...field })),
    methods: (methods ?? []).map((method) => ({ ...method, fields: [...method.fields], endsOn: method.endsOn ?? null })),
    discovered: discovered === undefined ? null : { title: discovered.title, description: discovered.description, topic: discovered.topic },
    webhookSetup: [...webhook?.setup ?? []],
    collections: collections.map((collection) => ({
      name: collection.name, kind: collection.kind, title: collection.title, description: collection.description, components: [...collection.components],
      permissions: [...collection.permissions], selectedByDefault: collection.selectedByDefault, callsPerSync: collection.callsPerSync, window: collection.window ?? null, partOf: [...parentsOf(collection)],
    })),
  };
}

@ApiTags('catalog')
@Controller('api/v1/catalog')
export class CatalogController {
  constructor(private readonly catalog: Catalog) {}

  @Get()
  @ApiOperation({ summary: 'List connectors', description: 'What each brings, needs and costs, before anything is connected.' })
  @ApiOkResponse({ type: CatalogDto })
  list(@Query() query: ListQuery): CatalogDto { return pageOf(this.catalog.connectors.map(entry), query, ({ name }) => name); }

  @Get(':connector')
  @ApiOperation({ summary: 'Get a connector' })
  @ApiOkResponse({ type: CatalogEntryDto })
  get(@Param('connector') name: string): CatalogEntryDto {
    const connector = this.catalog.get(name);
    if (connector === undefined) throw notFound('connector');
    return entry(connector);
  }
}
