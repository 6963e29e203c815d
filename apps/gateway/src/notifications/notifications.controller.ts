import { Body, Controller, Get, HttpCode, Inject, Post, Put } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiProperty, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayUnique, IsArray, IsEmail, IsIn, IsString, IsUrl, MaxLength, ValidateIf } from 'class-validator';
import { NOTIFICATION_KINDS, NotificationRepository, type NotificationKind, type Principal } from '#persistence';
import { sealContext, type Vault } from '#vault';
import { Caller, Needs } from '../access/principal.js';
import { GatewayConfig } from '../gateway.config.js';
import { invalid } from '../http/problem.js';
import { VAULT } from '../tokens.js';

const RECENT = 20;
const kinds = { enum: NOTIFICATION_KINDS, enumName: 'NotificationKind', isArray: true, description: 'run_failed: once when runs begin to fail. run_partial: once when a collection begins to fail while others are read. access_denied: the partner refuses the credentials. paused: a source was paused by itself. reads_nothing: a collection suddenly has no record. destination_disabled: an event destination took nothing for days, or is gone. Kinds that a later version adds are wanted until this is set again.' } as const;

class ChangeNotificationsDto {
  @ApiProperty({ type: String, isArray: true, format: 'email' }) @IsArray() @ArrayMaxSize(50) @ArrayUnique() @IsEmail({ require_tld: false }, { each: true }) @MaxLength(254, { each: true }) emails!: string[];

  @ApiPropertyOptional({ type: String, nullable: true, format: 'uri', description: 'URL that takes what Slack\'s incoming webhooks take: {"text": …}. Stored encrypted, never returned. null: none; left out: as it is.' })
  @ValidateIf((_, value) => value !== null && value !== undefined) @IsString() @MaxLength(2_000) @IsUrl({ protocols: ['https', 'http'], require_protocol: true, require_tld: false }, { message: 'hookUrl must be a URL' })
  hookUrl?: string | null;

  @ApiProperty(kinds) @IsArray() @ArrayUnique() @IsIn(NOTIFICATION_KINDS, { each: true }) kinds!: NotificationKind[];
}

class NotificationDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ type: String, format: 'uuid', nullable: true }) sourceId!: string | null;
  @ApiProperty({ type: String, format: 'uuid', nullable: true }) runId!: string | null;
  @ApiProperty({ enum: [...NOTIFICATION_KINDS, 'test'] }) kind!: string;
  @ApiProperty() title!: string;
  @ApiProperty() remedy!: string;
  @ApiProperty() createdAt!: Date;
  @ApiProperty({ type: String, isArray: true, description: 'Channels that took it: mail, hook.' }) delivered!: string[];
  @ApiProperty({ type: Date, nullable: true, description: 'null: it is still being sent.' }) doneAt!: Date | null;
  @ApiProperty({ type: String, nullable: true, description: 'Why a channel did not take it the last time.' }) lastError!: string | null;
}

class NotificationSettingsDto {
  @ApiProperty({ type: String, isArray: true }) emails!: string[];
  @ApiProperty({ type: String, nullable: true, description: 'The hook\'s host; null: no hook.' }) hook!: string | null;
  @ApiProperty(kinds) kinds!: NotificationKind[];
  @ApiProperty({ description: 'Whether the installation can send mail.' }) mailAvailable!: boolean;
  @ApiProperty({ type: () => NotificationDto, isArray: true, description: 'The newest 20, newest first.' }) recent!: NotificationDto[];
}

@ApiTags('workspace')
@Controller('api/v1/notifications')
export class NotificationsController {
  constructor(private readonly notifications: NotificationRepository, private readonly config: GatewayConfig, @Inject(VAULT) private readonly vault: Vault) {}

  @Get()
  @ApiOperation({ summary: 'Get whom the workspace wants to be told, and what was told' })
  @ApiOkResponse({ type: NotificationSettingsDto })
  @Needs('editor')
  async get(@Caller() { workspaceId }: Principal): Promise<NotificationSettingsDto> {
    const [{ emails, hookLocation, kinds: chosen }, recent] = await Promise.all([this.notifications.settings(workspaceId), this.notifications.recent(workspaceId, RECENT)]);
    return { emails: [...emails], hook: hookLocation, kinds: [...chosen], mailAvailable: this.config.supportSmtpUrl !== undefined, recent: recent.map((one) => ({ ...one, delivered: [...one.delivered] })) };
  }

  @Put()
  @Needs('owner')
  @ApiOperation({ summary: 'Set whom the workspace wants to be told, and of what' })
  @ApiOkResponse({ type: NotificationSettingsDto })
  async set(@Caller() caller: Principal, @Body() { emails, hookUrl, kinds: chosen }: ChangeNotificationsDto): Promise<NotificationSettingsDto> {
    const { workspaceId } = caller;
    if (typeof hookUrl === 'string' && !hookUrl.startsWith('https://') && !this.config.allowPrivateAddresses) throw invalid([{ field: 'hookUrl', message: 'hookUrl must start with https://.' }]);
    const before = await this.notifications.settings(workspaceId);
    const hook = hookUrl === undefined ? { hookSealed: before.hookSealed, hookLocation: before.hookLocation }
      : hookUrl === null ? { hookSealed: null, hookLocation: null } : { hookSealed: this.vault.seal(hookUrl, sealContext.notificationHook(workspaceId)), hookLocation: new URL(hookUrl).host };
    await this.notifications.change(workspaceId, { emails, kinds: chosen, ...hook });
    return this.get(caller);
  }

  @Post('test')
  @Needs('owner')
  @HttpCode(204)
  @ApiOperation({ summary: 'Tell them something, to see whether it arrives' })
  @ApiNoContentResponse()
  test(@Caller() { workspaceId }: Principal): Promise<void> { return this.notifications.test(workspaceId); }
}
