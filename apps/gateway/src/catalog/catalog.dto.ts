import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Page } from '../http/paging.js';

export class CatalogCollectionDto {
  @ApiProperty() name!: string;
  @ApiProperty({ enum: ['object', 'event'], description: 'object: upserted, has a current state; needs a warehouse. event: append only.' }) kind!: 'object' | 'event';
  @ApiProperty() title!: string;
  @ApiProperty() description!: string;
  @ApiProperty({ enum: ['sync', 'webhook'], isArray: true, description: 'How its records arrive.' }) components!: ('sync' | 'webhook')[];
  @ApiProperty({ type: String, isArray: true, description: 'What the credentials must be allowed to, in the partner\'s words.' }) permissions!: string[];
  @ApiProperty() selectedByDefault!: boolean;
  @ApiProperty({ description: 'API calls of one sync in which nothing changed.' }) callsPerSync!: number;
  @ApiProperty({ enum: ['created', 'changed'], type: String, nullable: true, description: 'The time by which a re-sync can be limited to a window; null: it is read whole.' }) window!: string | null;
  @ApiProperty({ type: String, isArray: true, description: 'Collections in whose pages its records come; those are read when this one is selected.' }) partOf!: string[];
}

export class ConfigurationFieldDto {
  @ApiProperty() name!: string;
  @ApiProperty({ enum: ['string', 'secret', 'url'], description: 'A secret is stored encrypted and never returned.' }) type!: 'string' | 'secret' | 'url';
  @ApiProperty() title!: string;
  @ApiProperty() help!: string;
  @ApiProperty() required!: boolean;
  @ApiPropertyOptional() default?: string;
  @ApiPropertyOptional({ description: 'A regular expression.' }) pattern?: string;
  @ApiPropertyOptional() placeholder?: string;
}

class LimitsDto {
  @ApiProperty() text!: string;
  @ApiPropertyOptional({ description: 'The partner\'s own limit.' }) callsPerDay?: number;
}

class CatalogOAuthDto {
  @ApiProperty({ type: String, isArray: true, description: 'Fields of the configuration that come with the sign-in: not to be asked for.' }) provides!: string[];
  @ApiProperty({ type: String, isArray: true, description: 'What people are asked to allow, in the partner\'s words.' }) scopes!: string[];
}

class AuthMethodDto {
  @ApiProperty() name!: string;
  @ApiProperty() title!: string;
  @ApiProperty() help!: string;
  @ApiProperty({ type: String, isArray: true, description: 'Fields of the configuration that it takes, all of them; none for a sign-in in the browser.' }) fields!: string[];
  @ApiProperty({ type: String, format: 'date', nullable: true, description: 'The day on which the partner ends it.' }) endsOn!: string | null;
}

class DiscoveredDto {
  @ApiProperty() title!: string;
  @ApiProperty() description!: string;
  @ApiProperty({ description: 'Last part of the one topic that all of them share; the header ce_collection tells them apart.' }) topic!: string;
}

export class CatalogEntryDto {
  @ApiProperty() name!: string;
  @ApiProperty() title!: string;
  @ApiProperty() description!: string;
  @ApiProperty({ format: 'uri' }) documentationUrl!: string;
  @ApiProperty({ enum: ['api_key', 'basic', 'oauth2'], isArray: true }) auth!: ('api_key' | 'basic' | 'oauth2')[];
  @ApiProperty({ type: () => CatalogOAuthDto, nullable: true, description: 'Set when people can connect by POST /api/v1/oauth/{connector}/start.' }) oauth!: CatalogOAuthDto | null;
  @ApiProperty({ description: 'Has collections that are read on a schedule.' }) sync!: boolean;
  @ApiProperty({ description: 'Takes webhooks.' }) streaming!: boolean;
  @ApiProperty({ enum: ['object', 'event'], isArray: true }) kinds!: ('object' | 'event')[];
  @ApiProperty({ type: () => LimitsDto }) limits!: LimitsDto;
  @ApiProperty({ type: () => ConfigurationFieldDto, isArray: true }) configuration!: ConfigurationFieldDto[];
  @ApiProperty({ type: () => AuthMethodDto, isArray: true, description: 'Ways to give access, the best first; one of them is enough. Empty: the configuration is the only one.' }) methods!: AuthMethodDto[];
  @ApiProperty({ type: String, isArray: true, description: 'Steps of setting up the webhook at the partner\'s.' }) webhookSetup!: string[];
  @ApiProperty({ type: () => DiscoveredDto, nullable: true, description: 'Set when accounts have collections of their own (custom objects): POST /api/v1/sources/discover finds them.' }) discovered!: DiscoveredDto | null;
  @ApiProperty({ type: () => CatalogCollectionDto, isArray: true }) collections!: CatalogCollectionDto[];
}

export class CatalogDto extends Page {
  @ApiProperty({ type: () => CatalogEntryDto, isArray: true }) data!: CatalogEntryDto[];
}
