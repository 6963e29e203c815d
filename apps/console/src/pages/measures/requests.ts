import { answer, api, whole, type Schemas } from '../../api/client';

export type Measure = Schemas['MeasureDto'];
export type Kind = Measure['kind'];
type Body = Schemas['CreateMeasureDto'];
type Change = Schemas['ChangeMeasureDto'];

/** Metrics and segments have the same API at two addresses. */
export const WORDS = {
  metric: { one: 'metric', many: 'metrics', title: 'Metrics', to: '/metrics', lead: 'Figures out of your warehouse, measured once an hour: made from a template or by SQL.', example: 'select date_trunc(\'day\', created) as at, count(*) as value\nfrom my_source.customers\ngroup by 1 order by 1' },
  segment: { one: 'segment', many: 'segments', title: 'Segments', to: '/segments', lead: 'Sets of people or accounts out of your warehouse, counted once an hour: made from a template or by SQL.', example: 'select id, email\nfrom my_source.customers\nwhere created > now() - interval \'30 days\'' },
} as const satisfies Record<Kind, object>;

export const measuresQuery = (kind: Kind) => ({
  queryKey: ['measures', kind], refetchInterval: 15_000,
  queryFn: async (): Promise<Measure[]> => (await answer(kind === 'metric' ? api.GET('/api/v1/metrics', { params: { query: { limit: 200 } } }) : api.GET('/api/v1/segments', { params: { query: { limit: 200 } } }))).data,
});

export const measureQuery = (kind: Kind, id: string) => ({
  queryKey: ['measures', kind, id], refetchInterval: 15_000,
  queryFn: (): Promise<Measure> => { const params = { path: { id } }; return answer(kind === 'metric' ? api.GET('/api/v1/metrics/{id}', { params }) : api.GET('/api/v1/segments/{id}', { params })); },
});

export const templatesQuery = { queryKey: ['templates'], staleTime: 300_000, queryFn: () => whole((query) => api.GET('/api/v1/templates', { params: { query } })) };

export const createMeasure = (kind: Kind, body: Body): Promise<Measure> => answer(kind === 'metric' ? api.POST('/api/v1/metrics', { body }) : api.POST('/api/v1/segments', { body }));
export const changeMeasure = (kind: Kind, id: string, body: Change): Promise<Measure> => { const params = { path: { id } }; return answer(kind === 'metric' ? api.PATCH('/api/v1/metrics/{id}', { params, body }) : api.PATCH('/api/v1/segments/{id}', { params, body })); };
export const measureNow = (kind: Kind, id: string): Promise<Measure> => { const params = { path: { id } }; return answer(kind === 'metric' ? api.POST('/api/v1/metrics/{id}/measure', { params }) : api.POST('/api/v1/segments/{id}/measure', { params })); };
export const removeMeasure = (kind: Kind, id: string): Promise<unknown> => { const params = { path: { id } }; return answer(kind === 'metric' ? api.DELETE('/api/v1/metrics/{id}', { params }) : api.DELETE('/api/v1/segments/{id}', { params })); };
export const previewMeasure = (kind: Kind, warehouseId: string, sql: string): Promise<Schemas['MeasurePreviewDto']> => { const body = { warehouseId, sql }; return answer(kind === 'metric' ? api.POST('/api/v1/metrics/preview', { body }) : api.POST('/api/v1/segments/preview', { body })); };
