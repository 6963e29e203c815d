/** How one of Zendesk's lists behaves. */
export interface ResourceRules {
  /** Below /api/v2/. */
  readonly path: string;
  /** Property of an answer that holds the list, and its singular in an answer of one. */
  readonly key: string;
  readonly one: string;
  /** `cursor`: `page[size]` works, else pages by number. `numbered`: pages by number only. `whole`: never cut. */
  readonly paging: 'cursor' | 'numbered' | 'whole';
  /** Least role that may list it. */
  readonly role: 'agent' | 'admin';
  readonly enterprise?: true;
  /** A narrower OAuth scope that does as well as `read`. */
  readonly scope?: string;
  /** Optional filter by time. */
  readonly since?: 'since' | 'start_time' | 'filter[created_at][]';
}

export const RESOURCES = {
  tickets: { path: 'tickets', key: 'tickets', one: 'ticket', paging: 'cursor', role: 'agent', scope: 'tickets:read' },
  users: { path: 'users', key: 'users', one: 'user', paging: 'cursor', role: 'agent', scope: 'users:read' },
  organizations: { path: 'organizations', key: 'organizations', one: 'organization', paging: 'cursor', role: 'agent', scope: 'organizations:read' },
  groups: { path: 'groups', key: 'groups', one: 'group', paging: 'cursor', role: 'agent' },
  group_memberships: { path: 'group_memberships', key: 'group_memberships', one: 'group_membership', paging: 'cursor', role: 'agent' },
  organization_memberships: { path: 'organization_memberships', key: 'organization_memberships', one: 'organization_membership', paging: 'cursor', role: 'agent' },
  ticket_fields: { path: 'ticket_fields', key: 'ticket_fields', one: 'ticket_field', paging: 'cursor', role: 'agent' },
  ticket_forms: { path: 'ticket_forms', key: 'ticket_forms', one: 'ticket_form', paging: 'whole', role: 'agent', enterprise: true },
  ticket_metrics: { path: 'ticket_metrics', key: 'ticket_metrics', one: 'ticket_metric', paging: 'cursor', role: 'agent' },
  ticket_skips: { path: 'skips', key: 'skips', one: 'skip', paging: 'cursor', role: 'agent' },
  activities: { path: 'activities', key: 'activities', one: 'activity', paging: 'cursor', role: 'agent', since: 'since' },
  satisfaction_ratings: { path: 'satisfaction_ratings', key: 'satisfaction_ratings', one: 'satisfaction_rating', paging: 'cursor', role: 'admin', since: 'start_time' },
  audit_logs: { path: 'audit_logs', key: 'audit_logs', one: 'audit_log', paging: 'cursor', role: 'admin', enterprise: true, since: 'filter[created_at][]' },
  brands: { path: 'brands', key: 'brands', one: 'brand', paging: 'cursor', role: 'agent' },
  macros: { path: 'macros', key: 'macros', one: 'macro', paging: 'cursor', role: 'agent' },
  sla_policies: { path: 'slas/policies', key: 'sla_policies', one: 'sla_policy', paging: 'numbered', role: 'admin' },
  tags: { path: 'tags', key: 'tags', one: 'tag', paging: 'cursor', role: 'agent' },
} as const satisfies Record<string, ResourceRules>;

export type ResourceName = keyof typeof RESOURCES;
export const resourceNames = Object.keys(RESOURCES) as ResourceName[];
export const rulesOf = (name: ResourceName): ResourceRules => RESOURCES[name];
/** The resource whose path these segments begin with, and the rest; `sla` policies have two segments. */
export function resourceAt(path: string): { readonly name: ResourceName; readonly rest: readonly string[] } | undefined {
  for (const name of resourceNames) {
    const { path: own } = RESOURCES[name];
    if (path === own || path.startsWith(`${own}/`)) return { name, rest: path.slice(own.length + 1).split('/').filter((part) => part !== '') };
  }
  return undefined;
}
