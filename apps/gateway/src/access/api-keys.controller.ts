import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { ApiKeyEntity, Principal } from '#persistence';
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
  async list(@Caller() { workspaceId }: Principal): Promise<ApiKeyListDto> { return { data: (await this.access.apiKeys(workspaceId)).map(shown) }; }

  @Post()
  @ApiOperation({ summary: 'Create an API key' })
  @ApiCreatedResponse({ type: NewApiKeyDto })
  async create(@Caller() { workspaceId }: Principal, @Body() { name, role }: CreateApiKeyDto): Promise<NewApiKeyDto> {
    const { row, key } = await this.access.createApiKey(workspaceId, name, role);
    return { ...shown(row), key };
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Revoke an API key', description: 'It stops working at once.' })
  @ApiNoContentResponse({ description: 'Revoked.' })
  revoke(@Caller() { workspaceId }: Principal, @Param('id') id: string): Promise<void> { return this.access.revokeApiKey(workspaceId, id); }
}
