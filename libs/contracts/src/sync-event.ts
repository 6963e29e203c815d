import { Type, type Static } from '@sinclair/typebox';
import { COLLECTION_RUN_STATES, RUN_STATES } from './states.js';
import { ERROR_CODES } from './errors.js';

const literals = <T extends string>(values: readonly T[]) => Type.Union(values.map((value) => Type.Literal(value)));

const Report = Type.Object({
  code: literals(ERROR_CODES),
  title: Type.String(), remedy: Type.String(),
  details: Type.Optional(Type.String()), retryAfterMs: Type.Optional(Type.Number()), supportReference: Type.Optional(Type.String()),
});

const head = { runId: Type.String(), sourceId: Type.String(), workspaceId: Type.String(), at: Type.String({ description: 'ISO 8601' }) };

const waitingUntil = Type.Optional(Type.String({ description: 'ISO 8601: it waits for a rate limit until then.' }));

/** How far a replay has come. */
export const ReplayProgress = Type.Object({
  done: Type.Integer({ minimum: 0, description: 'Of `total` retained messages of the connector: looked at, and what is of this source normalised again.' }),
  total: Type.Integer({ minimum: 0 }),
  pages: Type.Integer({ minimum: 0, description: 'Raw pages and webhooks of this source.' }),
  oldest: Type.Optional(Type.String({ description: 'ISO 8601: when the oldest of them was received.' })),
});
export type ReplayProgress = Static<typeof ReplayProgress>;

/** Value of a message on `sync.events`, keyed by source: what happens in a run, as it happens. */
export const SyncEvent = Type.Union([
  Type.Object({ ...head, type: Type.Literal('run.changed'), state: literals(RUN_STATES), progress: Type.Optional(ReplayProgress), error: Type.Optional(Report), resumeAt: Type.Optional(Type.String()), waitingUntil }),
  Type.Object({
    ...head, type: Type.Literal('collection.changed'), collection: Type.String(), state: literals(COLLECTION_RUN_STATES),
    records: Type.Integer({ minimum: 0 }), apiCalls: Type.Integer({ minimum: 0 }), error: Type.Optional(Report), waitingUntil,
  }),
], { $id: 'cloud-sources.sync.event.v1', title: 'Sync event' });
export type SyncEvent = Static<typeof SyncEvent>;
