import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Page } from '../http/paging.js';
import { ErrorReportDto } from '../http/problem.dto.js';

class ChecksumsDto {
  @ApiPropertyOptional({ description: 'Absent where the partner could not be asked, and of versions, which it does not tell.' }) partner?: string;
  @ApiProperty() topic!: string;
  @ApiProperty() warehouse!: string;
}

class DifferingRecordDto {
  @ApiProperty() id!: string;
  @ApiProperty({ example: 'not in the warehouse' }) problem!: string;
}

class CollectionVerdictDto {
  @ApiProperty() collection!: string;
  @ApiProperty({ enum: ['object', 'event'] }) kind!: string;
  @ApiPropertyOptional({ type: 'integer', description: 'Absent where the partner could not be asked; `note` says why.' }) partner?: number;
  @ApiProperty({ type: 'integer', description: 'Records that are not deleted.' }) topic!: number;
  @ApiProperty({ type: 'integer', description: 'Rows that are not deleted.' }) warehouse!: number;
  @ApiProperty({ type: 'integer', description: 'Records that are not the same everywhere.' }) difference!: number;
  @ApiProperty({ type: () => ChecksumsDto, description: 'Of the ids, whatever their order.' }) ids!: ChecksumsDto;
  @ApiProperty({ type: () => ChecksumsDto, description: 'Of ids with versions and deletions.' }) versions!: ChecksumsDto;
  @ApiProperty({ type: () => DifferingRecordDto, isArray: true, description: 'The first ones that differ.' }) examples!: DifferingRecordDto[];
  @ApiPropertyOptional() note?: string;
}

class SourceVerdictDto {
  @ApiProperty({ format: 'uuid' }) sourceId!: string;
  @ApiProperty() slug!: string;
  @ApiProperty({ format: 'uuid' }) warehouseId!: string;
  @ApiProperty({ type: () => CollectionVerdictDto, isArray: true }) collections!: CollectionVerdictDto[];
  @ApiProperty({ type: 'integer' }) difference!: number;
  @ApiProperty({ type: 'integer' }) apiCalls!: number;
}

export class VerificationDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ format: 'uuid' }) sourceId!: string;
  @ApiProperty({ enum: ['queued', 'running', 'done', 'failed'] }) state!: string;
  @ApiProperty() requestedAt!: Date;
  @ApiProperty({ type: Date, nullable: true }) startedAt!: Date | null;
  @ApiProperty({ type: Date, nullable: true }) finishedAt!: Date | null;
  @ApiProperty({ type: String, nullable: true, description: 'What is being done now.' }) progress!: string | null;
  @ApiProperty({ type: 'integer', nullable: true, description: 'Records that are not the same at the partner, in the topics and in the warehouses.' }) difference!: number | null;
  @ApiProperty({ type: 'integer', description: 'Calls to the partner that it took; they count towards the usage.' }) apiCalls!: number;
  @ApiProperty({ type: () => SourceVerdictDto, isArray: true, nullable: true, description: 'One per warehouse that takes the source.' }) verdicts!: SourceVerdictDto[] | null;
  @ApiProperty({ type: () => ErrorReportDto, nullable: true }) error!: ErrorReportDto | null;
}

export class VerificationListDto extends Page {
  @ApiProperty({ type: () => VerificationDto, isArray: true }) data!: VerificationDto[];
}
