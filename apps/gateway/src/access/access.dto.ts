import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsEmail, IsIn, IsString, IsUUID, MaxLength, MinLength } from 'class-validator';
import { ROLES, type Role } from '#persistence';
import { Optional } from '../http/optional.js';
import { Page } from '../http/paging.js';

/** Length is what makes a password strong (NIST SP 800-63B). */
export const SHORTEST_PASSWORD = 12;
export const LONGEST_PASSWORD = 1_000;

export class SignInDto {
  @ApiProperty({ format: 'email' }) @IsEmail({ require_tld: false }) @MaxLength(320) email!: string;
  @ApiProperty({ format: 'password', maxLength: LONGEST_PASSWORD }) @IsString() @MinLength(1) @MaxLength(LONGEST_PASSWORD) password!: string;
}

class CurrentWorkspaceDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty() name!: string;
}

export class AccountDto {
  @ApiProperty({ type: String, nullable: true, description: 'null for an API key.' }) email!: string | null;
  @ApiProperty({ enum: ROLES, enumName: 'Role' }) role!: Role;
  @ApiProperty({ description: 'false: an API key, or a person who only comes from the identity provider.' }) hasPassword!: boolean;
  @ApiProperty({ type: () => CurrentWorkspaceDto }) workspace!: CurrentWorkspaceDto;
}

export class ChangePasswordDto {
  @ApiPropertyOptional({ format: 'password', description: 'The password until now; not asked of who has none.' }) @Optional() @IsString() @MaxLength(LONGEST_PASSWORD) current?: string;
  @ApiProperty({ format: 'password', minLength: SHORTEST_PASSWORD, maxLength: LONGEST_PASSWORD }) @IsString() @MinLength(SHORTEST_PASSWORD) @MaxLength(LONGEST_PASSWORD) password!: string;
}

export class SessionDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ description: 'Whether it is the one that asks.' }) current!: boolean;
  @ApiProperty() createdAt!: Date;
  @ApiProperty() lastSeenAt!: Date;
  @ApiProperty() expiresAt!: Date;
  @ApiProperty({ type: String, nullable: true }) ip!: string | null;
  @ApiProperty({ type: String, nullable: true }) userAgent!: string | null;
}

export class SessionListDto extends Page {
  @ApiProperty({ type: () => SessionDto, isArray: true }) data!: SessionDto[];
}

export class SwitchWorkspaceDto {
  @ApiProperty({ format: 'uuid' }) @IsUUID() workspaceId!: string;
}

export class CreateWorkspaceDto {
  @ApiProperty({ minLength: 1, maxLength: 200 }) @IsString() @MinLength(1) @MaxLength(200) name!: string;
}

export class WorkspaceDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty() name!: string;
  @ApiProperty({ enum: ROLES, enumName: 'Role', description: 'The caller\'s.' }) role!: Role;
  @ApiProperty({ description: 'Whether the session shows it.' }) current!: boolean;
}

export class WorkspaceListDto extends Page {
  @ApiProperty({ type: () => WorkspaceDto, isArray: true }) data!: WorkspaceDto[];
}

export class CreateApiKeyDto {
  @ApiProperty({ description: 'To recognise it by.', minLength: 1, maxLength: 200 }) @IsString() @MinLength(1) @MaxLength(200) name!: string;
  @ApiProperty({ enum: ROLES, enumName: 'Role' }) @IsIn(ROLES) role!: Role;
}

export class ApiKeyDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty() name!: string;
  @ApiProperty({ enum: ROLES, enumName: 'Role' }) role!: Role;
  @ApiProperty({ description: 'The key\'s first characters.' }) prefix!: string;
  @ApiProperty() createdAt!: Date;
  @ApiProperty({ type: Date, nullable: true }) lastUsedAt!: Date | null;
  @ApiProperty({ type: Date, nullable: true }) revokedAt!: Date | null;
}

export class NewApiKeyDto extends ApiKeyDto {
  @ApiProperty({ type: String, nullable: true, description: 'The key itself: shown once, so it is null in the answer to a repeated request.' }) key!: string | null;
}

export class ApiKeyListDto extends Page {
  @ApiProperty({ type: () => ApiKeyDto, isArray: true }) data!: ApiKeyDto[];
}
