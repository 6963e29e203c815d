import { Controller, Get, Param } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Principal } from '#persistence';
import { Caller } from '../access/principal.js';
import { ArrivalDto } from './arrival.dto.js';
import { ArrivalService } from './arrival.service.js';

@ApiTags('runs')
@Controller('api/v1/runs/:id/arrival')
export class ArrivalController {
  constructor(private readonly arrival: ArrivalService) {}

  @Get()
  @ApiOperation({ summary: 'Get how far a run\'s records have come', description: 'From the raw topic through the normaliser into each warehouse that takes the source.' })
  @ApiOkResponse({ type: ArrivalDto })
  get(@Caller() { workspaceId }: Principal, @Param('id') id: string): Promise<ArrivalDto> { return this.arrival.of(workspaceId, id); }
}
