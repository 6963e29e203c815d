import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsString, MaxLength, MinLength } from 'class-validator';
import { Optional } from '../http/optional.js';

export class WorkspaceSettingsDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty() name!: string;
  @ApiProperty({ description: 'IANA name. Preferred times, busy hours and the day of a quota are meant in it.' }) timeZone!: string;
  @ApiProperty({ type: 'integer', nullable: true, description: 'Syncs a day that the plan allows each source: scheduled ones and sync now. A first sync, a re-sync and a run that goes on after waiting don\'t count. null: any number.' }) syncsPerDay!: number | null;
}

export class ChangeWorkspaceDto {
  @ApiPropertyOptional() @Optional() @IsString() @MinLength(1) @MaxLength(200) name?: string;
  @ApiPropertyOptional({ description: 'IANA name, e.g. Europe/Berlin. Sources with preferred times are due by it at once.' }) @Optional() @IsString() @MaxLength(100) timeZone?: string;
}
