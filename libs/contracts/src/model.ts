import { CE_TYPES, toHeaders } from './cloud-event.js';
import { topicNames } from './topics.js';

/** SQL whose result is kept up to date: an audience is a set of users, a trait a value per user. */
export type ModelKind = 'audience' | 'trait';

/** What changed for one user, as the warehouse keeps it until it is published. */
export interface ModelChange {
  readonly workspaceId: string;
  readonly modelId: string;
  readonly kind: ModelKind;
  readonly slug: string;
  readonly name: string;
  /** Of the computation that found it; grows. */
  readonly token: string;
  /** ISO 8601 */
  readonly at: string;
  readonly userId: string;
  readonly event: 'audience_entered' | 'audience_exited' | 'trait_changed';
  /** JSON of a trait's value, with all its digits; `null` when the user has none (any more). */
  readonly value: string | null;
  readonly previous: string | null;
}

const TEXT = { audience_entered: 'Audience Entered', audience_exited: 'Audience Exited', trait_changed: 'Trait Changed' } as const;

/** What consumers read beside the connectors' topics: what traits and audiences found. */
export const MODEL_TOPICS = {
  name: 'warehouse', title: 'Warehouse',
  collections: [
    {
      name: 'audience_changes', kind: 'event', title: 'Audience changes', description: 'A user came into an audience or left it: `audience_entered`, `audience_exited`. Keyed by the user\'s id; `ce_sourceid` is the audience\'s.',
      fields: { user_id: 'string', audience_id: 'string', audience: 'string', audience_name: 'string' },
    },
    {
      name: 'trait_changes', kind: 'event', title: 'Trait changes', description: 'A user has another value of a trait: `trait_changed`; null when there is none any more. Keyed by the user\'s id; `ce_sourceid` is the trait\'s.',
      fields: { user_id: 'string', trait_id: 'string', trait: 'string', trait_name: 'string', value: 'json', previous_value: 'json' },
    },
  ],
} as const;

/** A change as a message of an events topic. Its id is the same however often it is sent. */
export function modelMessage(prefix: string, { workspaceId, modelId, kind, slug, name, token, at, userId, event, value, previous }: ModelChange): { topic: string; key: string; headers: Record<string, string>; value: string } {
  const id = `${token}/${userId}`;
  const collection = `${kind}_changes`;
  const text = (fields: Readonly<Record<string, string>>): string => Object.entries(fields).map(([field, json]) => `"${field}":${json}`).join(',');
  const data = { user_id: JSON.stringify(userId), [`${kind}_id`]: JSON.stringify(modelId), [kind]: JSON.stringify(slug), [`${kind}_name`]: JSON.stringify(name), ...(kind === 'trait' && { value: value ?? 'null', previous_value: previous ?? 'null' }) };
  return {
    topic: topicNames.events(prefix, MODEL_TOPICS.name, collection), key: userId,
    headers: toHeaders({
      id: `${modelId}/${id}`, source: `/${kind}s/${modelId}`, type: CE_TYPES.event, time: at, workspaceid: workspaceId, sourceid: modelId, connector: MODEL_TOPICS.name, collection, recordid: id,
    }),
    // Put together as text: a value keeps its digits.
    value: `{${text({ id: JSON.stringify(id), event: `"${event}"`, eventText: `"${TEXT[event]}"`, timestamp: `"${at}"`, receivedAt: `"${at}"`, data: `{${text(data)}}` })}}`,
  };
}
