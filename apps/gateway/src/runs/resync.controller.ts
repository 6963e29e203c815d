import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOperation, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayNotEmpty, IsArray, IsString, MaxLength } from 'class-validator';
import type { Principal } from '#persistence';
import { Caller } from '../access/principal.js';
import { Optional } from '../http/optional.js';
import { RunDto, shown } from './runs.dto.js';
import { RunsService } from './runs.service.js';

class ResyncDto {
  @ApiPropertyOptional({ type: String, isArray: true, description: 'Selected collections; when left out all that can be read like this.' })
  @Optional() @IsArray() @ArrayNotEmpty() @ArrayMaxSize(500) @IsString({ each: true }) @MaxLength(200, { each: true })
  collections?: string[];

  @ApiPropertyOptional({ description: 'Only records of this time and later, where the partner can limit them: ISO 8601, not before the sync start date. The catalog names the time that counts (`window`).' })
  @Optional() @IsString() @MaxLength(40)
  from?: string;

  @ApiPropertyOptional({ description: 'Only records up to this time: ISO 8601; now when it is left out and `from` is given.' })
  @Optional() @IsString() @MaxLength(40)
  to?: string;
}

@ApiTags('runs')
@Controller('api/v1/sources/:id/resync')
export class ResyncController {
  constructor(private readonly runs: RunsService) {}

  @Post()
  @HttpCode(202)
  @ApiOperation({
    summary: 'Read collections anew',
    description: 'From the sync start date, or a window of time. The checkpoints of the normal sync stay where they are: it goes on afterwards without a gap. Refused with 409 while a run is under way.',
  })
  @ApiAcceptedResponse({ type: RunDto })
  async resync(@Caller() { workspaceId }: Principal, @Param('id') id: string, @Body() asked: ResyncDto): Promise<RunDto> { return shown(await this.runs.resync(workspaceId, id, asked)); }
}
