import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsBoolean, IsOptional, IsString, Matches, MaxLength, MinLength, ValidateNested } from 'class-validator';
import { Optional } from '../http/optional.js';
import { Page } from '../http/paging.js';

export class ReaderLoginDto {
  @ApiProperty({ description: 'Name of the login: it can log in and is no member of other roles. What it may read is granted by the loader\'s login.', minLength: 1, maxLength: 63 }) @IsString() @MinLength(1) @MaxLength(63) user!: string;
  @ApiProperty({ description: 'Stored encrypted, never returned.', format: 'password', minLength: 1, maxLength: 1_000 }) @IsString() @MinLength(1) @MaxLength(1_000) password!: string;
}

const READER = 'A login for people\'s SQL, traits and audiences that an administrator made, for a loader\'s login without CREATEROLE. Tested first: it may not write, or read what isn\'t this workspace\'s.';

export class TestWarehouseDto {
  @ApiProperty({ description: 'PostgreSQL 14 or newer: `postgres://user:password@host:port/database`. Stored encrypted, never returned.', format: 'password' })
  @IsString() @MaxLength(2_000) @Matches(/^postgres(ql)?:\/\//, { message: 'url must start with postgres://' })
  url!: string;

  @ApiPropertyOptional({ type: () => ReaderLoginDto, description: READER }) @Optional() @ValidateNested() @Type(() => ReaderLoginDto) reader?: ReaderLoginDto;
}

export class CreateWarehouseDto extends TestWarehouseDto {
  @ApiProperty() @IsString() @MinLength(1) @MaxLength(200) name!: string;
}

const TIME = /^([01]\d|2[0-3]):[0-5]\d$/;

export class BusyHoursDto {
  @ApiProperty({ example: '08:00' }) @Matches(TIME, { message: 'from must be a time of day, HH:MM' }) from!: string;
  @ApiProperty({ example: '10:30', description: 'At or before `from`: on the next day.' }) @Matches(TIME, { message: 'to must be a time of day, HH:MM' }) to!: string;
}

export class ChangeWarehouseDto {
  @ApiPropertyOptional({ description: 'A disabled warehouse is not loaded; it catches up once it is enabled.' }) @Optional() @IsBoolean() enabled?: boolean;

  @ApiPropertyOptional({ type: () => BusyHoursDto, isArray: true, description: 'When people need the warehouse for themselves, in the workspace\'s time zone: suggested times avoid them, and sources that run then are warned of it.' })
  @Optional() @IsArray() @ArrayMaxSize(24) @ValidateNested({ each: true }) @Type(() => BusyHoursDto)
  busyHours?: BusyHoursDto[];

  @ApiPropertyOptional({ description: 'The same warehouse at another address, or with another login. Tested first.', format: 'password' })
  @Optional() @IsString() @MaxLength(2_000) @Matches(/^postgres(ql)?:\/\//, { message: 'url must start with postgres://' })
  url?: string;

  @ApiPropertyOptional({ type: () => ReaderLoginDto, nullable: true, description: `${READER} null: the loader's login makes one itself.` })
  @IsOptional() @ValidateNested() @Type(() => ReaderLoginDto)
  reader?: ReaderLoginDto | null;
}

export class WarehouseDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty() name!: string;
  @ApiProperty({ enum: ['postgres'] }) kind!: string;
  @ApiProperty({ description: 'Host and database.' }) location!: string;
  @ApiProperty() enabled!: boolean;
  @ApiProperty({ type: String, nullable: true, description: 'The login for SQL that was entered; null: the loader\'s login makes one.' }) readerUser!: string | null;
  @ApiProperty({ type: () => BusyHoursDto, isArray: true, description: 'In the workspace\'s time zone.' }) busyHours!: BusyHoursDto[];
  @ApiProperty() createdAt!: Date;
}

export class WarehouseListDto extends Page {
  @ApiProperty({ type: () => WarehouseDto, isArray: true }) data!: WarehouseDto[];
}

class PrivilegeProblemDto {
  @ApiProperty() problem!: string;
  @ApiPropertyOptional() remedy!: string;
}

export class WarehouseTestDto {
  @ApiProperty({ description: 'Whether it can be loaded.' }) ok!: boolean;
  @ApiProperty({ type: () => PrivilegeProblemDto, isArray: true, description: 'What the login lacks.' }) problems!: PrivilegeProblemDto[];
  @ApiProperty({ type: () => PrivilegeProblemDto, isArray: true, description: 'What stands against SQL, traits and audiences; loading works without them.' }) sqlProblems!: PrivilegeProblemDto[];
}
