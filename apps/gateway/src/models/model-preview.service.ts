import { Injectable } from '@nestjs/common';
import type { Principal } from '#persistence';
import type { Cell, ResultColumn } from '#warehouse';
import { GatewayConfig } from '../gateway.config.js';
import { SqlService } from '../sql/sql.service.js';
import type { ModelPreviewDto } from './models.dto.js';
import { ModelsService, plain } from './models.service.js';

const SAMPLE = 20;

/** What a query would find, before it is saved: its first rows, and how many users. */
@Injectable()
export class ModelPreview {
  constructor(private readonly models: ModelsService, private readonly sql: SqlService, private readonly config: GatewayConfig) {}

  async of(caller: Principal, asked: string | undefined, statement: string, signal: AbortSignal): Promise<ModelPreviewDto> {
    const warehouseId = await this.models.warehouseOf(caller.workspaceId, asked);
    const read = async (text: string, maxRows: number) => {
      let columns: readonly ResultColumn[] = [];
      const rows: Cell[][] = [];
      const ran = await this.sql.run(caller, { warehouseId, statement: text, kind: 'query', maxRows, maxBytes: this.config.sqlMaxBytes, signal, onRows: (named, batch) => { columns = named; rows.push(...batch as Cell[][]); } });
      return { id: ran.id, columns: [...columns], rows, truncated: ran.truncated, durationMs: ran.durationMs };
    };
    const sample = await read(statement, SAMPLE);
    const { rows: [[users = '0'] = []] } = await read(`select count(distinct user_id) as users from (\n${plain(statement)}\n) as model`, 1);
    return { users: Number(users), sample };
  }
}
