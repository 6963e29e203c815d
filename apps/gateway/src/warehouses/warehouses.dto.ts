import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsString, Matches, MaxLength, MinLength } from 'class-validator';
import { Page } from '../http/paging.js';

export class TestWarehouseDto {
  @ApiProperty({ description: 'PostgreSQL 14 or newer: `postgres://user:password@host:port/database`. Stored encrypted, never returned.', format: 'password' })
  @IsString() @MaxLength(2_000) @Matches(/^postgres(ql)?:\/\//, { message: 'url must start with postgres://' })
  url!: string;
}

export class CreateWarehouseDto extends TestWarehouseDto {
  @ApiProperty() @IsString() @MinLength(1) @MaxLength(200) name!: string;
}

export class ChangeWarehouseDto {
  @ApiProperty({ description: 'A disabled warehouse is not loaded; it catches up once it is enabled.' }) @IsBoolean() enabled!: boolean;
}

export class WarehouseDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty() name!: string;
  @ApiProperty({ enum: ['postgres'] }) kind!: string;
  @ApiProperty({ description: 'Host and database.' }) location!: string;
  @ApiProperty() enabled!: boolean;
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
}
