import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { answer, api, whole } from './client';
import type { paths } from './generated/schema';

/** What the pages read. Keys begin with what live news invalidate: `['source', id]`, `['run', id]`, `['sources']`. */
export const sourcesQuery = queryOptions({
  queryKey: ['sources'],
  queryFn: async () => (await answer(api.GET('/api/v1/sources', { params: { query: { limit: 200 } } }))).data,
});

/** Nobody tells of webhooks: looked at again by itself. */
const OVERVIEW_MS = 15_000;

export const overviewQuery = queryOptions({ queryKey: ['sources', 'overview'], refetchInterval: OVERVIEW_MS, queryFn: () => answer(api.GET('/api/v1/overview')) });

export const scheduleQuery = queryOptions({ queryKey: ['schedule'], queryFn: () => answer(api.GET('/api/v1/schedule', { params: { query: { limit: 200 } } })) });

export const sourceQuery = (id: string) => queryOptions({ queryKey: ['source', id], queryFn: () => answer(api.GET('/api/v1/sources/{id}', { params: { path: { id } } })) });

export const collectionsQuery = (id: string) => queryOptions({
  queryKey: ['source', id, 'collections'],
  queryFn: () => whole((query) => api.GET('/api/v1/sources/{id}/collections', { params: { path: { id }, query } })),
});

export const runsQuery = (id: string) => infiniteQueryOptions({
  queryKey: ['source', id, 'runs'],
  initialPageParam: undefined as string | undefined,
  queryFn: ({ pageParam: cursor }) => answer(api.GET('/api/v1/sources/{id}/runs', { params: { path: { id }, query: { limit: 25, ...(cursor !== undefined && { cursor }) } } })),
  getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
});

export const runQuery = (id: string) => queryOptions({ queryKey: ['run', id], queryFn: () => answer(api.GET('/api/v1/runs/{id}', { params: { path: { id } } })) });

/** Nobody tells of what normaliser and loader do: looked at again until all has arrived. */
const ARRIVAL_MS = 2_000;

export const arrivalQuery = (id: string) => queryOptions({
  queryKey: ['arrival', id],
  refetchInterval: ({ state: { data } }) => (data?.complete === true ? false : ARRIVAL_MS),
  queryFn: () => answer(api.GET('/api/v1/runs/{id}/arrival', { params: { path: { id } } })),
});

export const runLogQuery = (id: string) => queryOptions({
  queryKey: ['run', id, 'log'],
  queryFn: () => whole((query) => api.GET('/api/v1/runs/{id}/log', { params: { path: { id }, query } })),
});

export const catalogQuery = queryOptions({ queryKey: ['catalog'], staleTime: 300_000, queryFn: () => whole((query) => api.GET('/api/v1/catalog', { params: { query } })) });

export const warehousesQuery = queryOptions({
  queryKey: ['warehouses'],
  queryFn: async () => (await answer(api.GET('/api/v1/warehouses', { params: { query: { limit: 200 } } }))).data,
});

/** Nobody tells of them: looked at again by itself. */
const LETTERS_MS = 5_000;

export type LetterFilter = Omit<NonNullable<paths['/api/v1/dead-letters']['get']['parameters']['query']>, 'limit' | 'cursor'>;

export const deadLettersQuery = (filter: LetterFilter) => infiniteQueryOptions({
  queryKey: ['dead-letters', filter], refetchInterval: LETTERS_MS,
  initialPageParam: undefined as string | undefined,
  queryFn: ({ pageParam: cursor }) => answer(api.GET('/api/v1/dead-letters', { params: { query: { limit: 25, ...filter, ...(cursor !== undefined && { cursor }) } } })),
  getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
});

export const deadLetterCountsQuery = (filter: LetterFilter) => queryOptions({
  queryKey: ['dead-letters', 'counts', filter], refetchInterval: LETTERS_MS,
  queryFn: async () => (await answer(api.GET('/api/v1/dead-letters/counts', { params: { query: filter } }))).data,
});

/** Nobody tells of deliveries: looked at again by itself. */
const DELIVERIES_MS = 3_000;

export const destinationsQuery = queryOptions({
  queryKey: ['destinations'], refetchInterval: OVERVIEW_MS,
  queryFn: async () => (await answer(api.GET('/api/v1/destinations', { params: { query: { limit: 200 } } }))).data,
});

export const destinationQuery = (id: string) => queryOptions({ queryKey: ['destination', id], refetchInterval: DELIVERIES_MS, queryFn: () => answer(api.GET('/api/v1/destinations/{id}', { params: { path: { id } } })) });

export type DeliveryState = NonNullable<NonNullable<paths['/api/v1/destinations/{id}/deliveries']['get']['parameters']['query']>['state']>;

export const deliveriesQuery = (id: string, state: DeliveryState | undefined) => infiniteQueryOptions({
  queryKey: ['destination', id, 'deliveries', state ?? 'all'], refetchInterval: DELIVERIES_MS,
  initialPageParam: undefined as string | undefined,
  queryFn: ({ pageParam: cursor }) => answer(api.GET('/api/v1/destinations/{id}/deliveries', { params: { path: { id }, query: { limit: 25, ...(state !== undefined && { state }), ...(cursor !== undefined && { cursor }) } } })),
  getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
});

export const retainedQuery = (id: string) => queryOptions({ queryKey: ['source', id, 'retained'], staleTime: 300_000, queryFn: () => answer(api.GET('/api/v1/sources/{id}/replay', { params: { path: { id } } })) });

export const tablesQuery = (id: string) => queryOptions({ queryKey: ['warehouse', id, 'tables'], staleTime: 30_000, queryFn: () => whole((query) => api.GET('/api/v1/warehouses/{id}/tables', { params: { path: { id }, query } })) });

export const savedQueriesQuery = (id: string) => queryOptions({ queryKey: ['warehouse', id, 'saved-queries'], queryFn: () => whole((query) => api.GET('/api/v1/warehouses/{id}/saved-queries', { params: { path: { id }, query } })) });

export const sqlHistoryQuery = (id: string) => infiniteQueryOptions({
  queryKey: ['warehouse', id, 'queries'],
  initialPageParam: undefined as string | undefined,
  queryFn: ({ pageParam: cursor }) => answer(api.GET('/api/v1/warehouses/{id}/queries', { params: { path: { id }, query: { limit: 25, ...(cursor !== undefined && { cursor }) } } })),
  getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
});

/** Pages of a list, cursor by cursor. */
const paged = <T extends { nextCursor: string | null }>(queryKey: readonly unknown[], read: (page: { limit: number; cursor?: string }) => Promise<T>) => infiniteQueryOptions({
  queryKey, initialPageParam: undefined as string | undefined,
  queryFn: ({ pageParam: cursor }) => read({ limit: 50, ...(cursor !== undefined && { cursor }) }),
  getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
});

export const membersQuery = paged(['members'], (query) => answer(api.GET('/api/v1/members', { params: { query } })));
export const invitationsQuery = paged(['invitations'], (query) => answer(api.GET('/api/v1/invitations', { params: { query } })));
export const apiKeysQuery = paged(['api-keys'], (query) => answer(api.GET('/api/v1/api-keys', { params: { query } })));

export type AuditFilter = Omit<NonNullable<paths['/api/v1/audit-log']['get']['parameters']['query']>, 'limit' | 'cursor'>;
export const auditLogQuery = (filter: AuditFilter) => paged(['audit-log', filter], (query) => answer(api.GET('/api/v1/audit-log', { params: { query: { ...filter, ...query } } })));
export const auditActionsQuery = queryOptions({ queryKey: ['audit-log', 'actions'], queryFn: async () => (await answer(api.GET('/api/v1/audit-log/actions'))).data });

export const workspacesQuery = queryOptions({ queryKey: ['workspaces'], queryFn: () => whole((query) => api.GET('/api/v1/workspaces', { params: { query } })) });
export const ownSessionsQuery = queryOptions({ queryKey: ['own-sessions'], queryFn: () => whole((query) => api.GET('/api/v1/account/sessions', { params: { query } })) });
export const identitiesQuery = queryOptions({ queryKey: ['identities'], queryFn: () => whole((query) => api.GET('/api/v1/account/identities', { params: { query } })) });
export const signInOptionsQuery = queryOptions({ queryKey: ['sign-in-options'], staleTime: 300_000, queryFn: () => answer(api.GET('/api/v1/sign-in-options')) });
