import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsEmail, IsIn, IsString, MaxLength, MinLength } from 'class-validator';
import { ROLES, type Role } from '#persistence';
import { LONGEST_PASSWORD, SHORTEST_PASSWORD } from '../access/access.dto.js';
import { Optional } from '../http/optional.js';
import { Page } from '../http/paging.js';

export class MemberDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty() email!: string;
  @ApiProperty({ enum: ROLES, enumName: 'Role' }) role!: Role;
  @ApiProperty({ description: 'Whether it is who asks.' }) you!: boolean;
  @ApiProperty() joinedAt!: Date;
  @ApiProperty({ type: Date, nullable: true, description: 'null: no session at the moment.' }) lastSeenAt!: Date | null;
}

export class MemberListDto extends Page {
  @ApiProperty({ type: () => MemberDto, isArray: true }) data!: MemberDto[];
}

export class ChangeMemberDto {
  @ApiProperty({ enum: ROLES, enumName: 'Role' }) @IsIn(ROLES) role!: Role;
}

export class InviteDto {
  @ApiProperty({ format: 'email', maxLength: 320 }) @IsEmail({ require_tld: false }) @MaxLength(320) email!: string;
  @ApiProperty({ enum: ROLES, enumName: 'Role' }) @IsIn(ROLES) role!: Role;
}

export class InvitationDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty() email!: string;
  @ApiProperty({ enum: ROLES, enumName: 'Role' }) role!: Role;
  @ApiProperty({ type: String, nullable: true, description: 'E-mail of who invited; null: an API key, or somebody who is gone.' }) invitedBy!: string | null;
  @ApiProperty() createdAt!: Date;
  @ApiProperty() expiresAt!: Date;
}

export class NewInvitationDto extends InvitationDto {
  @ApiProperty({ type: String, nullable: true, description: 'The link, which works once: shown once, so it is null in the answer to a repeated request.' }) url!: string | null;
  @ApiProperty({ description: 'Whether the link was mailed, too.' }) mailed!: boolean;
}

export class InvitationListDto extends Page {
  @ApiProperty({ type: () => InvitationDto, isArray: true }) data!: InvitationDto[];
}

export class InvitationTokenDto {
  @ApiProperty({ description: 'What the link ends with, after #.', maxLength: 200 }) @IsString() @MinLength(1) @MaxLength(200) token!: string;
}

export class OpenInvitationDto {
  @ApiProperty() workspace!: string;
  @ApiProperty() email!: string;
  @ApiProperty({ enum: ROLES, enumName: 'Role' }) role!: Role;
  @ApiProperty({ type: String, nullable: true }) invitedBy!: string | null;
  @ApiProperty() expiresAt!: Date;
  @ApiProperty({ description: 'Whether the e-mail has an account: its password is asked for, instead of a new one.' }) hasAccount!: boolean;
}

export class AcceptInvitationDto extends InvitationTokenDto {
  @ApiPropertyOptional({ format: 'password', minLength: 1, maxLength: LONGEST_PASSWORD, description: `A new account's password, at least ${SHORTEST_PASSWORD} characters; or that of the account. Left out by who is signed in with this e-mail.` })
  @Optional() @IsString() @MinLength(1) @MaxLength(LONGEST_PASSWORD)
  password?: string;
}
