import { Body, Controller, Delete, Get, Headers, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { ApiKeyEntity, Principal } from '#persistence';
import { CreatesOnce } from '../http/keyed.js';
import { PageQuery, page } from '../http/paging.js';
import { ApiKeyDto, ApiKeyListDto, CreateApiKeyDto, NewApiKeyDto } from './access.dto.js';
import { AccessService } from './access.service.js';
import { Caller, Needs } from './principal.js';

const shown = ({ id, name, role, prefix, createdAt, lastUsedAt, revokedAt }: ApiKeyEntity): ApiKeyDto => ({ id, name, role, prefix, createdAt, lastUsedAt, revokedAt });

@ApiTags('access')
@Needs('owner')
@Controller('api/v1/api-keys')
export class ApiKeysController {
  constructor(private readonly access: AccessService) {}

  @Get()
  @ApiOperation({ summary: 'List API keys', description: 'Newest first, revoked ones too. The keys themselves are not stored.' })
  @ApiOkResponse({ type: ApiKeyListDto })
  async list(@Caller() { workspaceId }: Principal, @Query() { limit, cursor }: PageQuery): Promise<ApiKeyListDto> {
    const { items, nextCursor } = page(await this.access.apiKeys(workspaceId, limit + 1, cursor), limit);
    return { data: items.map(shown), nextCursor };
  }

  @Post()
  @ApiOperation({ summary: 'Create an API key' })
  @CreatesOnce()
  @ApiCreatedResponse({ type: NewApiKeyDto })
  async create(@Caller() { workspaceId }: Principal, @Body() { name, role }: CreateApiKeyDto, @Headers('idempotency-key') idempotencyKey: string | undefined): Promise<NewApiKeyDto> {
    const { row, key } = await this.access.createApiKey(workspaceId, name, role, idempotencyKey);
    return { ...shown(row), key };
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Revoke an API key', description: 'It stops working at once.' })
  @ApiNoContentResponse({ description: 'Revoked.' })
  revoke(@Caller() { workspaceId }: Principal, @Param('id') id: string): Promise<void> { return this.access.revokeApiKey(workspaceId, id); }
}
