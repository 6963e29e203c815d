import { Body, Controller, Get, Param, Put } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { Matches, MaxLength, MinLength } from 'class-validator';
import type { Principal } from '#persistence';
import { Caller, Needs } from '../access/principal.js';
import { SourceWebhookService, type SourceWebhook } from './source-webhook.service.js';

class WebhookSecretDto {
  @ApiProperty({ format: 'password', minLength: 8, description: 'As the partner shows it (Stripe: whsec_…). Stored encrypted, never returned.' })
  @Matches(/^[\x21-\x7e]+$/, { message: 'secret must be visible ASCII characters' }) @MinLength(8) @MaxLength(1_000)
  secret!: string;
}

class SecretInUseDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty() notBefore!: Date;
  @ApiProperty({ type: Date, nullable: true, description: 'null: until further notice.' }) notAfter!: Date | null;
}

class SourceWebhookDto {
  @ApiProperty({ format: 'uri', description: 'To be entered at the partner\'s. Whoever knows it can send webhooks that are refused without the secret.' }) url!: string;
  @ApiProperty({ type: String, isArray: true, description: 'Steps of setting it up there.' }) setup!: string[];
  @ApiProperty({ type: () => SecretInUseDto, isArray: true, description: 'Secrets that signatures are checked with, newest first. Without one, every webhook is refused.' }) secrets!: SecretInUseDto[];
}

const shown = ({ url, setup, secrets }: SourceWebhook): SourceWebhookDto => ({ url, setup: [...setup], secrets: [...secrets] });

@ApiTags('sources')
@Controller('api/v1/sources/:id/webhook')
export class SourceWebhookController {
  constructor(private readonly webhooks: SourceWebhookService) {}

  @Get()
  @Needs('editor')
  @ApiOperation({ summary: 'Get the webhook URL' })
  @ApiOkResponse({ type: SourceWebhookDto })
  async get(@Caller() { workspaceId }: Principal, @Param('id') id: string): Promise<SourceWebhookDto> { return shown(await this.webhooks.get(workspaceId, id)); }

  @Put('secret')
  @ApiOperation({ summary: 'Set or rotate the signing secret', description: 'The one before stays valid for 24 hours, so that nothing on its way is lost.' })
  @ApiOkResponse({ type: SourceWebhookDto })
  async setSecret(@Caller() { workspaceId }: Principal, @Param('id') id: string, @Body() { secret }: WebhookSecretDto): Promise<SourceWebhookDto> {
    return shown(await this.webhooks.addSecret(workspaceId, id, secret));
  }
}
