import { ApiProperty } from '@nestjs/swagger';

class CallLimitDto {
  @ApiProperty({ enum: ['budget', 'partner'], description: 'The source\'s daily budget, or the partner\'s own limit.' }) kind!: 'budget' | 'partner';
  @ApiProperty({ type: 'integer', description: 'Calls a day.' }) perDay!: number;
}

class SourceGlanceDto {
  @ApiProperty({ format: 'uuid' }) sourceId!: string;
  @ApiProperty({ type: Date, nullable: true, description: 'When something was last heard of the partner: a page that was read, or a webhook.' }) freshAt!: Date | null;
  @ApiProperty({ type: 'integer', description: 'Records of today\'s runs (UTC).' }) records!: number;
  @ApiProperty({ type: 'integer', description: 'Webhooks taken today.' }) webhooks!: number;
  @ApiProperty({ type: 'integer', description: 'Calls of today that count against limits.' }) calls!: number;
  @ApiProperty({ type: () => CallLimitDto, nullable: true, description: 'The least of what limits the calls of a day; null where nothing does.' }) limit!: CallLimitDto | null;
}

export class FlowDto {
  @ApiProperty({ description: 'Its beginning.' }) at!: Date;
  @ApiProperty({ type: 'integer', description: 'Of the runs that began in it.' }) records!: number;
  @ApiProperty({ type: 'integer' }) webhooks!: number;
  @ApiProperty({ type: 'integer' }) calls!: number;
}

export class OverviewDto {
  @ApiProperty({ type: () => SourceGlanceDto, isArray: true, description: 'In order of creation.' }) sources!: SourceGlanceDto[];
  @ApiProperty({ type: () => FlowDto, isArray: true, description: 'The last 24 hours, oldest first.' }) hours!: FlowDto[];
  @ApiProperty({ type: () => FlowDto, isArray: true, description: 'The last 7 days (UTC), oldest first.' }) days!: FlowDto[];
}

class SourceUsageDto {
  @ApiProperty({ format: 'date', description: 'UTC.' }) day!: string;
  @ApiProperty({ format: 'uuid' }) sourceId!: string;
  @ApiProperty({ type: 'integer' }) calls!: number;
}

export class WorkspaceUsageDto {
  @ApiProperty({ type: () => SourceUsageDto, isArray: true, description: 'Oldest day first.' }) data!: SourceUsageDto[];
  @ApiProperty({ type: 'integer', description: 'All calls in these days.' }) total!: number;
}
