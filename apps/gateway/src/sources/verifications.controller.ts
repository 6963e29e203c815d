import { Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { VerificationRepository, type Principal, type Verification } from '#persistence';
import { Caller } from '../access/principal.js';
import { PageQuery, page } from '../http/paging.js';
import { notFound } from '../http/problem.js';
import { SourcesService } from './sources.service.js';
import { VerificationDto, VerificationListDto } from './verifications.dto.js';

const shown = ({ verdicts, ...verification }: Verification): VerificationDto => ({ ...verification, verdicts: verdicts as VerificationDto['verdicts'] });

@ApiTags('sources')
@Controller('api/v1/sources/:id')
export class VerificationsController {
  constructor(private readonly sources: SourcesService, private readonly verifications: VerificationRepository) {}

  @Post('verify')
  @HttpCode(202)
  @ApiOperation({ summary: 'Verify a source', description: 'Reads everything that the partner has, the topics and the warehouses, and compares them record by record. A fetcher does it; one at a time for a source. Its calls to the partner count.' })
  @ApiAcceptedResponse({ type: VerificationDto, description: 'Asked for, or the one that is under way.' })
  async verify(@Caller() { workspaceId }: Principal, @Param('id') id: string): Promise<VerificationDto> {
    await this.sources.get(workspaceId, id);
    return shown(await this.verifications.request(workspaceId, id));
  }

  @Get('verifications')
  @ApiOperation({ summary: 'List a source\'s verifications', description: 'Newest first.' })
  @ApiOkResponse({ type: VerificationListDto })
  async list(@Caller() { workspaceId }: Principal, @Param('id') id: string, @Query() { limit, cursor }: PageQuery): Promise<VerificationListDto> {
    await this.sources.get(workspaceId, id);
    const { items, nextCursor } = page(await this.verifications.list(workspaceId, id, limit + 1, cursor), limit);
    return { data: items.map(shown), nextCursor };
  }

  @Get('verifications/:verificationId')
  @ApiOperation({ summary: 'Get a verification', description: 'Its progress, and in the end its verdict with the records that differ.' })
  @ApiOkResponse({ type: VerificationDto })
  async get(@Caller() { workspaceId }: Principal, @Param('id') id: string, @Param('verificationId') verificationId: string): Promise<VerificationDto> {
    const verification = await this.verifications.get(workspaceId, id, verificationId);
    if (verification === undefined) throw notFound('verification');
    return shown(verification);
  }
}
