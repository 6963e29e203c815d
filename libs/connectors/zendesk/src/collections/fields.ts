import type { FieldType } from '#connector-kit';

type Fields = Readonly<Record<string, FieldType>>;

/** Names by type, as text; a nested field is named by its path joined with `_`, as the warehouse flattens it. */
function fields(byType: Partial<Record<FieldType, string>>): Fields {
  const result: Record<string, FieldType> = { id: 'string' };
  for (const [type, names] of Object.entries(byType)) for (const name of names.trim().split(/\s+/)) result[name] = type as FieldType;
  return result;
}

const both = (names: string): string => names.split(' ').map((name) => `${name}_calendar ${name}_business`).join(' ');
const MADE = 'created_at updated_at';

/**
 * Declared columns: the names that Segment's Zendesk source documents, and those of Zendesk's own reference. Ids and
 * references are text, so that they join with the `id` of every table.
 */
export const FIELDS: Readonly<Record<string, Fields>> = {
  activities: fields({ string: 'url verb title user_id actor_id', timestamp: MADE, json: 'object target user actor' }),
  attachments: fields({ string: 'url file_name content_url mapped_content_url content_type malware_scan_result ticket_id comment_id ticket_event_id', integer: 'size width height', boolean: 'inline deleted malware_access_override', timestamp: 'created_at', json: 'thumbnails' }),
  audit_logs: fields({ string: 'url actor_id actor_name source_id source_type source_label action action_label change_description ip_address', timestamp: 'created_at' }),
  brands: fields({ string: 'url name brand_url subdomain host_mapping help_center_state signature_template', boolean: 'active default is_deleted has_help_center', timestamp: MADE, json: 'ticket_form_ids logo' }),
  group_memberships: fields({ string: 'url user_id group_id', boolean: 'default', timestamp: MADE }),
  groups: fields({ string: 'url name description', boolean: 'deleted default is_public', timestamp: MADE }),
  macros: fields({ string: 'url title raw_title description', integer: 'position', boolean: 'active default', timestamp: MADE, json: 'actions restriction' }),
  organization_memberships: fields({ string: 'url user_id organization_id organization_name', boolean: 'default view_tickets', timestamp: MADE }),
  organizations: fields({
    string: 'url external_id name details notes group_id', boolean: 'shared_tickets shared_comments', timestamp: `${MADE} deleted_at`, json: 'domain_names tags organization_fields',
  }),
  satisfaction_ratings: fields({ string: 'url score ticket_id requester_id assignee_id group_id comment reason reason_id reason_code', timestamp: MADE }),
  sla_policies: fields({ string: 'url title description', integer: 'position', timestamp: MADE, json: 'filter policy_metrics metric_settings' }),
  tags: fields({ string: 'name', integer: 'count' }),
  ticket_comments: fields({ string: 'ticket_event_id ticket_id type body html_body plain_body author_id via audit_id', boolean: 'public', timestamp: 'created_at', json: 'data' }),
  ticket_events: fields({
    string: `ticket_event_id ticket_id updater_id ticket_event_via via event_type context_client context_location context_ip_address type author_id status priority subject requester_id assignee_id
      group_id organization_id comment_id via_reference_id`,
    number: 'context_latitude context_longitude', boolean: 'comment_present comment_public', timestamp: 'timestamp created_at', json: 'previous_value tags added_tags removed_tags custom_ticket_fields recipients metadata',
  }),
  ticket_fields: fields({
    string: 'url type slug title raw_title description raw_description agent_description regexp_for_validation title_in_portal raw_title_in_portal tag creator_user_id', integer: 'position',
    boolean: 'active required collapsed_for_agents visible_in_portal editable_in_portal required_in_portal removable', timestamp: MADE, json: 'system_field_options custom_field_options custom_statuses',
  }),
  ticket_forms: fields({
    string: 'url name raw_name display_name raw_display_name', integer: 'position', boolean: 'active default end_user_visible in_all_brands', timestamp: MADE,
    json: 'restricted_brand_ids ticket_field_ids agent_conditions end_user_conditions',
  }),
  ticket_metrics: fields({
    string: 'url ticket_id metric_set_id', integer: `group_stations assignee_stations reopens replies ${both('reply_time_in_minutes first_resolution_time_in_minutes full_resolution_time_in_minutes agent_wait_time_in_minutes requester_wait_time_in_minutes on_hold_time_in_minutes')}`,
    timestamp: `${MADE} assignee_updated_at requester_updated_at status_updated_at initially_assigned_at assigned_at solved_at latest_comment_added_at custom_status_updated_at`,
  }),
  ticket_skips: fields({ string: 'ticket_id user_id reason', timestamp: MADE, json: 'ticket' }),
  tickets: fields({
    string: `url external_id type subject raw_subject description priority status recipient requester_id submitter_id assignee_id organization_id group_id forum_topic_id problem_id ticket_form_id brand_id
      custom_status_id encoded_id`,
    integer: 'generated_timestamp', boolean: 'has_incidents is_public allow_channelback allow_attachments from_messaging_channel', timestamp: `${MADE} due_at`,
    json: 'collaborator_ids follower_ids email_cc_ids followup_ids sharing_agreement_ids tags custom_fields fields via satisfaction_rating',
  }),
  users: fields({
    string: `url name email time_zone iana_time_zone phone locale locale_id organization_id role external_id alias signature details notes custom_role_id role_type ticket_restriction default_group_id`,
    boolean: 'verified active shared shared_agent two_factor_auth_enabled moderator only_private_comments restricted_agent suspended chat_only report_csv', timestamp: `${MADE} last_login_at`, json: 'tags user_fields photo',
  }),
  webhook_events: fields({ string: 'type account_id zendesk_event_version subject object_type object_id', timestamp: 'time', json: 'detail change body' }),
};
