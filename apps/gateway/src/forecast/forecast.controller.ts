import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Principal } from '#persistence';
import { Caller, Needs, Reads } from '../access/principal.js';
import { Asks } from '../http/keyed.js';
import { AskForecastDto, ForecastDto } from './forecast.dto.js';
import { ForecastService } from './forecast.service.js';

@ApiTags('sources')
@Controller('api/v1/sources')
export class ForecastController {
  constructor(private readonly forecasts: ForecastService) {}

  @Post('forecast')
  @Asks()
  @Needs('viewer')
  @Reads()
  @HttpCode(200)
  @ApiOperation({ summary: 'Forecast the API calls of a source before it exists', description: 'By what its connector declares. Asks no partner, and nothing is saved.' })
  @ApiOkResponse({ type: ForecastDto })
  before(@Caller() { workspaceId }: Principal, @Body() asked: AskForecastDto): Promise<ForecastDto> { return this.forecasts.before(workspaceId, asked); }

  @Get(':id/forecast')
  @ApiOperation({ summary: 'Forecast a source\'s API calls', description: 'As it is set up now: by what its syncs have cost, or else by what its connector declares; against its budget and the partner\'s own limit.' })
  @ApiOkResponse({ type: ForecastDto })
  of(@Caller() { workspaceId }: Principal, @Param('id') id: string): Promise<ForecastDto> { return this.forecasts.of(workspaceId, id); }
}
