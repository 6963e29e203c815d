import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsObject, IsString, IsUUID, MaxLength, MinLength } from 'class-validator';
import { Optional } from '../http/optional.js';

export class StartOAuthDto {
  @ApiPropertyOptional({ type: 'object', additionalProperties: { type: 'string' }, description: 'What the partner\'s address depends on (see the catalog): all that OAuth itself doesn\'t provide. A source\'s own values when it is connected again.' })
  @Optional() @IsObject()
  configuration?: Record<string, string>;

  @ApiPropertyOptional({ description: 'Path of the console that the browser goes to afterwards, with grantId, or oauthError and oauthRemedy, in its query. A page that closes itself when it is left out.' })
  @Optional() @IsString() @MaxLength(2_000)
  returnTo?: string;

  @ApiPropertyOptional({ format: 'uuid', description: 'The source that is to be connected again.' })
  @Optional() @IsUUID()
  sourceId?: string;
}

export class StartedOAuthDto {
  @ApiProperty({ format: 'uri', description: 'Send the person there.' }) authorizeUrl!: string;
  @ApiProperty({ format: 'uuid', description: 'What to create the source with, or connect it again, once the person has agreed; by the same user or key.' }) grantId!: string;
  @ApiProperty({ description: 'Until when the person must have agreed.' }) expiresAt!: Date;
}

export class OAuthClientDto {
  @ApiProperty({ type: String, nullable: true, description: 'null: none is set.' }) clientId!: string | null;
  @ApiProperty({ enum: ['workspace', 'operator'], nullable: true, description: 'Whose it is. The operator\'s serves workspaces without their own.' }) origin!: 'workspace' | 'operator' | null;
  @ApiProperty({ format: 'uri', description: 'What to register as redirect URI at the partner\'s.' }) redirectUri!: string;
  @ApiProperty({ type: String, isArray: true, description: 'What people are asked to allow.' }) scopes!: string[];
}

export class SetOAuthClientDto {
  @ApiProperty() @IsString() @MinLength(1) @MaxLength(1_000) clientId!: string;
  @ApiPropertyOptional({ format: 'password', description: 'Stored encrypted and never returned. Left out for a public client.' }) @Optional() @IsString() @MinLength(1) @MaxLength(4_000) clientSecret?: string;
}
