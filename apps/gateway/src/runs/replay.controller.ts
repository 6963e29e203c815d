import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiProperty, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayNotEmpty, IsArray, IsString, MaxLength } from 'class-validator';
import type { Principal } from '#persistence';
import { Caller } from '../access/principal.js';
import { Optional } from '../http/optional.js';
import { RunDto, shown } from './runs.dto.js';
import { RunsService } from './runs.service.js';

class ReplayDto {
  @ApiPropertyOptional({ type: String, isArray: true, description: 'Selected collections; when left out all of them.' })
  @Optional() @IsArray() @ArrayNotEmpty() @ArrayMaxSize(500) @IsString({ each: true }) @MaxLength(200, { each: true })
  collections?: string[];

  @ApiPropertyOptional({ description: 'Only what was received at this time and later: ISO 8601. When left out everything that is retained.' })
  @Optional() @IsString() @MaxLength(40)
  from?: string;
}

class RetainedDto {
  @ApiProperty({ description: 'What the source received from this time on is retained.' }) retainedFrom!: Date;
}

class ReplayRunDto extends RunDto {
  @ApiProperty({ description: 'What the source received from this time on is retained; before it, only a re-sync helps.' }) retainedFrom!: Date;
}

@ApiTags('runs')
@Controller('api/v1/sources/:id/replay')
export class ReplayController {
  constructor(private readonly runs: RunsService) {}

  @Get()
  @ApiOperation({ summary: 'What a replay can bring' })
  @ApiOkResponse({ type: RetainedDto })
  async retained(@Caller() { workspaceId }: Principal, @Param('id') id: string): Promise<RetainedDto> { return { retainedFrom: await this.runs.retainedFrom(workspaceId, id) }; }

  @Post()
  @HttpCode(202)
  @ApiOperation({
    summary: 'Normalise what is retained again',
    description: 'The raw pages and webhooks of the source go through the connector\'s mapping as it is now, into the same ids, without one call to the partner. Objects are replaced by equal and newer versions, events by those made again. Watch it as a run (`progress`). Also for a source that is paused or in error; refused with 409 while a run is under way.',
  })
  @ApiAcceptedResponse({ type: ReplayRunDto })
  async replay(@Caller() { workspaceId }: Principal, @Param('id') id: string, @Body() asked: ReplayDto): Promise<ReplayRunDto> {
    const { run, retainedFrom } = await this.runs.replay(workspaceId, id, asked);
    return { ...shown(run), retainedFrom };
  }
}
