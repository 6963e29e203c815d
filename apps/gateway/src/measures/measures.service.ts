import { Injectable } from '@nestjs/common';
import { MeasureRepository, newId, type Measure, type MeasureChange, type MeasureKind, type MeasurePoint, type NewMeasure } from '#persistence';
import type { Cell, ResultColumn } from '#warehouse';
import { GatewayConfig } from '../gateway.config.js';
import { Problem, invalid, notFound } from '../http/problem.js';
import { SourcesService } from '../sources/sources.service.js';
import { Readers } from '../sql/readers.js';
import { sqlProblem } from '../sql/sql-problem.js';
import { readResult, type Measured, type Rows } from './read-result.js';
import { sqlOf } from './template.js';

/** Of a series; more is refused. */
const POINTS = 2_000;
/** Members that are shown. */
const MEMBERS = 200;
const KEPT_POINTS = 400;

export interface MeasureView { readonly measure: Measure; readonly points: readonly MeasurePoint[] }

/** Metrics and segments: made, read, and measured in the warehouse by its reader. */
@Injectable()
export class MeasuresService {
  constructor(private readonly measures: MeasureRepository, private readonly sources: SourcesService, private readonly readers: Readers, private readonly config: GatewayConfig) {}

  async list(workspaceId: string, kind: MeasureKind, limit: number, after: string | undefined): Promise<MeasureView[]> {
    const found = await this.measures.list(workspaceId, kind, limit, after);
    const points = await this.measures.points(found.map(({ id }) => id), KEPT_POINTS);
    return found.map((measure) => ({ measure, points: points.get(measure.id) ?? [] }));
  }

  async get(workspaceId: string, kind: MeasureKind, id: string): Promise<MeasureView> {
    const measure = await this.measures.get(workspaceId, kind, id);
    if (measure === undefined) throw notFound(kind);
    return { measure, points: (await this.measures.points([id], KEPT_POINTS)).get(id) ?? [] };
  }

  /** @throws Problem when there is no such warehouse */
  async create(measure: NewMeasure): Promise<MeasureView> {
    await this.readers.of(measure.workspaceId, measure.warehouseId);
    const [id = ''] = await this.measures.create([measure]);
    return this.get(measure.workspaceId, measure.kind, id);
  }

  /** Makes those of the connector's templates for a source. @throws Problem naming templates that there aren't; when the source has no warehouse */
  async fromTemplates(workspaceId: string, sourceId: string, names: readonly string[]): Promise<MeasureView[]> {
    const { source } = await this.sources.get(workspaceId, sourceId);
    const { declaration: { templates = [], title } } = this.sources.connector(source.connector);
    const unknown = names.filter((name) => !templates.some((template) => template.name === name));
    if (unknown.length > 0) throw invalid([{ field: 'templates', message: `${title} has no template ${unknown.slice(0, 5).map((name) => name.slice(0, 100)).join(', ')}.` }]);
    const { warehouseId, slug } = source;
    if (warehouseId === null) throw new Problem({ status: 409, code: 'warehouse_required', title: 'The source loads into no warehouse, so there is nothing to measure.', remedy: 'Choose a warehouse for it first.' });
    const chosen = templates.filter(({ name }) => names.includes(name));
    const ids = await this.measures.create(chosen.map((template) => ({ workspaceId, warehouseId, sourceId, kind: template.kind, template: template.name, name: template.title, description: template.description, sql: sqlOf(template, slug), unit: template.unit ?? '' })));
    return Promise.all(chosen.map(({ kind }, index) => this.get(workspaceId, kind, ids[index] ?? '')));
  }

  async change(workspaceId: string, kind: MeasureKind, id: string, change: MeasureChange): Promise<MeasureView> {
    await this.get(workspaceId, kind, id);
    await this.measures.change(id, change);
    return this.get(workspaceId, kind, id);
  }

  async remove(workspaceId: string, kind: MeasureKind, id: string): Promise<void> {
    await this.get(workspaceId, kind, id);
    await this.measures.remove(id);
  }

  /** Measures it now. What goes wrong is kept with it, and is in the answer. */
  async measure(workspaceId: string, kind: MeasureKind, id: string): Promise<MeasureView> {
    await this.attempt((await this.get(workspaceId, kind, id)).measure);
    return this.get(workspaceId, kind, id);
  }

  /** What this SQL would bring, without keeping it. @throws Problem */
  async preview(workspaceId: string, kind: MeasureKind, warehouseId: string, sql: string): Promise<Rows & Measured> {
    const rows = await this.read(workspaceId, warehouseId, sql, kind === 'metric' ? POINTS : MEMBERS);
    return { ...rows, ...readResult(kind, rows, Date.now()) };
  }

  /** The first members of a segment. @throws Problem */
  async members(workspaceId: string, id: string): Promise<Rows> {
    const { measure: { warehouseId, sql } } = await this.get(workspaceId, 'segment', id);
    return this.read(workspaceId, warehouseId, sql, MEMBERS);
  }

  /** Measures those whose time has come. @returns how many */
  async due(limit: number): Promise<number> {
    const taken = await this.measures.take(limit);
    for (const measure of taken) await this.attempt(measure);
    return taken.length;
  }

  private async attempt({ id, workspaceId, warehouseId, kind, sql }: Measure): Promise<void> {
    try {
      const rows = await this.read(workspaceId, warehouseId, kind === 'segment' ? `select count(*) as members, min(id::text) as id from (${bare(sql)}\n) as segment` : sql, POINTS);
      const { points, whole } = kind === 'segment' ? { points: [{ at: new Date(), value: Number(rows.rows[0]?.[0] ?? 0) }], whole: false } : readResult(kind, rows, Date.now());
      await this.measures.measured(id, sql, points, whole);
    } catch (error) {
      const problem = sqlProblem(error);
      await this.measures.failed(id, problem === undefined ? 'It could not be measured; the gateway\'s log has what happened.' : `${problem.message} ${problem.body.remedy}`);
      if (problem === undefined) throw error;
    }
  }

  private async read(workspaceId: string, warehouseId: string, statement: string, maxRows: number): Promise<Rows> {
    const reader = await this.readers.of(workspaceId, warehouseId);
    let columns: readonly ResultColumn[] = [];
    const rows: (readonly Cell[])[] = [];
    const { sqlTimeoutSeconds, sqlMaxBytes: maxBytes, sqlMaxCost: maxCost } = this.config;
    try {
      const { truncated } = await reader.read({ id: newId(), statement, limits: { timeoutMs: sqlTimeoutSeconds * 1_000, maxRows, maxBytes, maxCost }, onRows: (named, batch) => { columns = named; rows.push(...batch); } });
      return { columns, rows, truncated };
    } catch (error) { throw sqlProblem(error) ?? error; }
  }
}

/** Without what would end the statement it is put into. */
const bare = (sql: string): string => sql.replace(/[;\s]+$/, '');
