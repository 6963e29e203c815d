import { Body, Controller, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Principal, Selection } from '#persistence';
import { Caller } from '../access/principal.js';
import { ListQuery, pageOf } from '../http/paging.js';
import { ChooseDto, ReloadDto, SelectionDto, SelectionListDto } from './selection.dto.js';
import { SelectionService } from './selection.service.js';

const shown = ({ sourceId, slug, included, collectionsLeftOut, columnsLeftOut, catchUp }: Selection): SelectionDto => ({
  sourceId, slug, included, collectionsLeftOut: [...collectionsLeftOut],
  columnsLeftOut: Object.fromEntries(Object.entries(columnsLeftOut).map(([collection, paths]) => [collection, [...paths]])),
  catchUp: catchUp && { ...catchUp, collections: catchUp.collections && [...catchUp.collections] },
});

@ApiTags('warehouses')
@Controller('api/v1/warehouses/:id')
export class SelectionController {
  constructor(private readonly selection: SelectionService) {}

  @Get('selection')
  @ApiOperation({ summary: 'What a warehouse takes', description: 'Of every source of the workspace: the sources whose warehouse it is, and those that were chosen beside them.' })
  @ApiOkResponse({ type: SelectionListDto })
  async list(@Caller() { workspaceId }: Principal, @Param('id') id: string, @Query() query: ListQuery): Promise<SelectionListDto> {
    return pageOf((await this.selection.list(workspaceId, id)).map(shown), query, ({ sourceId }) => sourceId);
  }

  @Put('selection/:sourceId')
  @ApiOperation({ summary: 'Choose what a warehouse takes of a source', description: 'Exactly this from now on. What is turned on is caught up with from the topics, without a call to the partner; a source may go to several warehouses.' })
  @ApiOkResponse({ type: SelectionDto })
  async choose(@Caller() { workspaceId }: Principal, @Param('id') id: string, @Param('sourceId') sourceId: string, @Body() { included, collectionsLeftOut = [], columnsLeftOut = {} }: ChooseDto): Promise<SelectionDto> {
    return shown(await this.selection.choose(workspaceId, id, sourceId, { included, collectionsLeftOut, columnsLeftOut }));
  }

  @Post('reload')
  @HttpCode(202)
  @ApiOperation({ summary: 'Load a source again from its topics', description: 'For a table that was dropped or changed by hand: from the first record that the topics keep, without a call to the partner. Rows that are there stay as they are or become newer.' })
  @ApiAcceptedResponse({ type: SelectionDto })
  async reload(@Caller() { workspaceId }: Principal, @Param('id') id: string, @Body() { sourceId, collections }: ReloadDto): Promise<SelectionDto> {
    return shown(await this.selection.reload(workspaceId, id, sourceId, collections));
  }
}
