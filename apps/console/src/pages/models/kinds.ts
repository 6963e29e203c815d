import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { answer, api, type Schemas } from '../../api/client';

export type Model = Schemas['ModelDto'];
export type NewModel = Schemas['CreateModelDto'];
export type ModelChange = Schemas['ChangeModelDto'];

/** Traits and audiences have the same pages; this is where they differ. */
export interface Kind {
  readonly kind: 'audience' | 'trait';
  /** Path of its pages. */
  readonly path: '/audiences' | '/audiences/traits';
  readonly title: string;
  readonly one: string;
  readonly what: string;
  /** What stands in the empty editor. */
  readonly hint: string;
  readonly list: () => Promise<Schemas['ModelListDto']>;
  readonly get: (id: string) => Promise<Model>;
  readonly create: (body: NewModel) => Promise<Model>;
  readonly change: (id: string, body: ModelChange) => Promise<Model>;
  /** With `force` nobody is told that they left. */
  readonly remove: (id: string, force: boolean) => Promise<unknown>;
  readonly compute: (id: string) => Promise<Model>;
  readonly preview: (body: Schemas['PreviewModelDto']) => Promise<Schemas['ModelPreviewDto']>;
  readonly runs: (id: string) => Promise<Schemas['ModelRunListDto']>;
  readonly members: (id: string, query: { cursor?: string; prefix?: string }) => Promise<Schemas['ModelMemberListDto']>;
}

const MOST = { limit: 200 };
const path = (id: string) => ({ path: { id } });

export const AUDIENCES: Kind = {
  kind: 'audience', path: '/audiences', title: 'Audiences', one: 'audience', what: 'A set of users, found by SQL: the query finds user_id, one row for each.',
  hint: 'select … as user_id from … where …',
  list: () => answer(api.GET('/api/v1/audiences', { params: { query: MOST } })),
  get: (id) => answer(api.GET('/api/v1/audiences/{id}', { params: path(id) })),
  create: (body) => answer(api.POST('/api/v1/audiences', { body })),
  change: (id, body) => answer(api.PATCH('/api/v1/audiences/{id}', { params: path(id), body })),
  remove: (id, force) => answer(api.DELETE('/api/v1/audiences/{id}', { params: { ...path(id), query: { force } } })),
  compute: (id) => answer(api.POST('/api/v1/audiences/{id}/compute', { params: path(id) })),
  preview: (body) => answer(api.POST('/api/v1/audiences/preview', { body })),
  runs: (id) => answer(api.GET('/api/v1/audiences/{id}/runs', { params: { ...path(id), query: MOST } })),
  members: (id, query) => answer(api.GET('/api/v1/audiences/{id}/members', { params: { ...path(id), query } })),
};

export const TRAITS: Kind = {
  kind: 'trait', path: '/audiences/traits', title: 'Traits', one: 'trait', what: 'A value for each user, found by SQL: the query finds user_id and value, one row for each.',
  hint: 'select … as user_id, count(*) as value from … group by 1',
  list: () => answer(api.GET('/api/v1/traits', { params: { query: MOST } })),
  get: (id) => answer(api.GET('/api/v1/traits/{id}', { params: path(id) })),
  create: (body) => answer(api.POST('/api/v1/traits', { body })),
  change: (id, body) => answer(api.PATCH('/api/v1/traits/{id}', { params: path(id), body })),
  remove: (id, force) => answer(api.DELETE('/api/v1/traits/{id}', { params: { ...path(id), query: { force } } })),
  compute: (id) => answer(api.POST('/api/v1/traits/{id}/compute', { params: path(id) })),
  preview: (body) => answer(api.POST('/api/v1/traits/preview', { body })),
  runs: (id) => answer(api.GET('/api/v1/traits/{id}/runs', { params: { ...path(id), query: MOST } })),
  members: (id, query) => answer(api.GET('/api/v1/traits/{id}/members', { params: { ...path(id), query } })),
};

/** Computations come and go by themselves: while one is under way it is looked at often. */
const [SOON_MS, LATER_MS] = [1_500, 20_000];
const isOpen = (model: Model): boolean => model.lastRun?.state === 'queued' || model.lastRun?.state === 'running';

export const modelsQuery = ({ kind, list }: Kind) => queryOptions({
  queryKey: ['models', kind], queryFn: async () => (await list()).data, refetchInterval: ({ state }) => (state.data?.some(isOpen) === true ? SOON_MS : LATER_MS),
});
export const modelQuery = ({ kind, get }: Kind, id: string) => queryOptions({
  queryKey: ['models', kind, id], queryFn: () => get(id), refetchInterval: ({ state }) => (state.data !== undefined && isOpen(state.data) ? SOON_MS : LATER_MS),
});
export const modelRunsQuery = ({ kind, runs }: Kind, id: string, newest: string) => queryOptions({ queryKey: ['models', kind, id, 'runs', newest], queryFn: async () => (await runs(id)).data, placeholderData: (before) => before });
export const membersQuery = ({ kind, members }: Kind, id: string, newest: string, prefix: string) => infiniteQueryOptions({
  queryKey: ['models', kind, id, 'members', newest, prefix],
  initialPageParam: undefined as string | undefined,
  queryFn: ({ pageParam: cursor }) => members(id, { ...(cursor !== undefined && { cursor }), ...(prefix !== '' && { prefix }) }),
  getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
});

export const INTERVALS = [
  { value: '15', label: 'every 15 minutes' }, { value: '60', label: 'every hour' }, { value: '180', label: 'every 3 hours' }, { value: '720', label: 'every 12 hours' }, { value: '1440', label: 'every day' }, { value: 'never', label: 'only when somebody asks' },
];

/** "every hour". */
export const intervalInWords = (minutes: number | null): string => (minutes === null ? 'when somebody asks' : INTERVALS.find(({ value }) => value === String(minutes))?.label ?? `every ${minutes} minutes`);
