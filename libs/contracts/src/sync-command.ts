import { Type, type Static } from '@sinclair/typebox';

/** Value of a message on `sync.commands.<connector>`, keyed by source: "a run is waiting, take it". */
export const SyncCommand = Type.Object({
  runId: Type.String({ minLength: 1 }),
  sourceId: Type.String({ minLength: 1 }),
  workspaceId: Type.String({ minLength: 1 }),
  connector: Type.String({ minLength: 1 }),
  requestedAt: Type.String({ description: 'ISO 8601' }),
}, { $id: 'cloud-sources.sync.command.v1', title: 'Sync command' });
export type SyncCommand = Static<typeof SyncCommand>;
