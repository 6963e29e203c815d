import { Body, Controller, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import { IsNumber, Matches, Max, MaxLength, Min, MinLength } from 'class-validator';
import type { Principal } from '#persistence';
import { Caller, Needs } from '../access/principal.js';
import { Optional } from '../http/optional.js';
import { Page, PageQuery, page } from '../http/paging.js';
import { SourceWebhookService, type SourceWebhook } from './source-webhook.service.js';

class WebhookSecretDto {
  @ApiProperty({ format: 'password', minLength: 8, description: 'As the partner shows it (Stripe: whsec_…). Stored encrypted, never returned.' })
  @Matches(/^[\x21-\x7e]+$/, { message: 'secret must be visible ASCII characters' }) @MinLength(8) @MaxLength(1_000)
  secret!: string;
}

class RotateTokenDto {
  @ApiPropertyOptional({ minimum: 0, maximum: 168, description: 'Hours that the URLs before the new one are still taken, 24 unless it is said; 0 when one of them got into the wrong hands.' })
  @Optional() @IsNumber() @Min(0) @Max(168)
  overlapHours: number = 24;
}

class SecretInUseDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty() notBefore!: Date;
  @ApiProperty({ type: Date, nullable: true, description: 'null: until further notice.' }) notAfter!: Date | null;
}

class SourceWebhookDto {
  @ApiProperty({ format: 'uri', description: 'To be entered at the partner\'s. Whoever knows it can send webhooks that are refused without the secret.' }) url!: string;
  @ApiProperty({ type: Date, nullable: true, description: 'Until when the URL before this one is taken too; null when none is.' }) previousUntil!: Date | null;
  @ApiProperty({ type: String, isArray: true, description: 'Steps of setting it up there.' }) setup!: string[];
  @ApiProperty({ type: () => SecretInUseDto, isArray: true, description: 'Secrets that signatures are checked with, newest first. Without one, every webhook is refused.' }) secrets!: SecretInUseDto[];
}

class DeliveryDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty() receivedAt!: Date;
  @ApiProperty({ type: 'integer', description: 'How it was answered: 200 taken; 401 the signature does not hold; 413 too large; 415 a type that is not taken; 503 to be sent again.' }) status!: number;
  @ApiProperty() reason!: string;
  @ApiProperty({ type: String, nullable: true, description: 'The partner\'s own id of it.' }) deliveryId!: string | null;
  @ApiProperty({ type: 'integer' }) bytes!: number;
  @ApiProperty({ type: 'integer', description: 'Until the answer.' }) durationMs!: number;
}

class DeliveryListDto extends Page {
  @ApiProperty({ type: () => DeliveryDto, isArray: true, description: 'Newest first; the last 200 are kept, and of each second the newest 20.' }) data!: DeliveryDto[];
  @ApiProperty({ type: 'integer', description: 'Taken in the last 24 hours.' }) taken!: number;
  @ApiProperty({ type: 'integer', description: 'Refused in the last 24 hours.' }) refused!: number;
  @ApiProperty({ type: Date, nullable: true }) lastTakenAt!: Date | null;
  @ApiProperty({ type: Date, nullable: true }) lastRefusedAt!: Date | null;
}

const shown = ({ url, previousUntil, setup, secrets }: SourceWebhook): SourceWebhookDto => ({ url, previousUntil, setup: [...setup], secrets: [...secrets] });

@ApiTags('sources')
@Controller('api/v1/sources/:id/webhook')
export class SourceWebhookController {
  constructor(private readonly webhooks: SourceWebhookService) {}

  @Get()
  @Needs('editor')
  @ApiOperation({ summary: 'Get the webhook URL' })
  @ApiOkResponse({ type: SourceWebhookDto })
  async get(@Caller() { workspaceId }: Principal, @Param('id') id: string): Promise<SourceWebhookDto> { return shown(await this.webhooks.get(workspaceId, id)); }

  @Get('deliveries')
  @ApiOperation({ summary: 'List webhook deliveries', description: 'How the newest webhooks were answered, and how many came in the last 24 hours.' })
  @ApiOkResponse({ type: DeliveryListDto })
  async deliveries(@Caller() { workspaceId }: Principal, @Param('id') id: string, @Query() { limit, cursor }: PageQuery): Promise<DeliveryListDto> {
    const { deliveries, summary } = await this.webhooks.deliveries(workspaceId, id, limit + 1, cursor);
    const { items, nextCursor } = page(deliveries, limit);
    return { data: [...items], nextCursor, ...summary };
  }

  @Put('secret')
  @ApiOperation({ summary: 'Set or rotate the signing secret', description: 'The one before stays valid for 24 hours, so that nothing on its way is lost.' })
  @ApiOkResponse({ type: SourceWebhookDto })
  async setSecret(@Caller() { workspaceId }: Principal, @Param('id') id: string, @Body() { secret }: WebhookSecretDto): Promise<SourceWebhookDto> {
    return shown(await this.webhooks.addSecret(workspaceId, id, secret));
  }

  @Post('rotate-token')
  @HttpCode(200)
  @ApiOperation({ summary: 'Make a new webhook URL', description: 'The one before is taken until `previousUntil`: enter the new one at the partner\'s by then. The signing secret stays.' })
  @ApiOkResponse({ type: SourceWebhookDto })
  async rotateToken(@Caller() { workspaceId }: Principal, @Param('id') id: string, @Body() { overlapHours }: RotateTokenDto): Promise<SourceWebhookDto> {
    return shown(await this.webhooks.rotateToken(workspaceId, id, overlapHours * 3_600_000));
  }
}
