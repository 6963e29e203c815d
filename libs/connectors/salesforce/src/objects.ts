import type { FieldType } from '#connector-kit';

/** A collection and the object of Salesforce that it is read from. */
export interface SalesforceObject {
  readonly collection: string;
  /** As in SOQL, e.g. `OpportunityLineItem`. */
  readonly object: string;
  readonly title: string;
  /** False where a new org doesn't have the object (tags and solutions must be switched on), or it takes more than Read (UserLogin). */
  readonly common: boolean;
  /** Workflows can send outbound messages about it. */
  readonly messages: boolean;
  /** Columns with a documented type, besides those that every object has. */
  readonly fields: Readonly<Record<string, FieldType>>;
}

/** Columns that most objects have. */
export const EVERYWHERE = { id: 'string', system_modstamp: 'timestamp', created_date: 'timestamp', last_modified_date: 'timestamp', is_deleted: 'boolean' } as const satisfies Readonly<Record<string, FieldType>>;

const TYPES: Readonly<Record<string, FieldType>> = { s: 'string', i: 'integer', n: 'number', b: 'boolean', t: 'timestamp', d: 'date' };

/** Segment's collections: name, object, title, columns as `name:type` (n number, i integer, b boolean, d date, t timestamp, s text). */
const COMMON: readonly (readonly [collection: string, object: string, title: string, fields?: string])[] = [
  ['accounts', 'Account', 'Accounts', 'name:s annual_revenue:n number_of_employees:i owner_id:s parent_id:s'],
  ['account_contact_roles', 'AccountContactRole', 'Account contact roles', 'account_id:s contact_id:s is_primary:b'],
  ['campaigns', 'Campaign', 'Campaigns', 'name:s start_date:d end_date:d is_active:b budgeted_cost:n actual_cost:n expected_revenue:n'],
  ['campaign_members', 'CampaignMember', 'Campaign members', 'campaign_id:s contact_id:s lead_id:s has_responded:b first_responded_date:d'],
  ['campaign_shares', 'CampaignShare', 'Campaign shares', 'campaign_id:s user_or_group_id:s'],
  ['cases', 'Case', 'Cases', 'case_number:s account_id:s contact_id:s owner_id:s is_closed:b is_escalated:b closed_date:t'],
  ['case_comments', 'CaseComment', 'Case comments', 'parent_id:s is_published:b'],
  ['case_contact_role', 'CaseContactRole', 'Case contact roles', 'cases_id:s contact_id:s'],
  ['contacts', 'Contact', 'Contacts', 'name:s first_name:s last_name:s email:s account_id:s owner_id:s birthdate:d'],
  ['contracts', 'Contract', 'Contracts', 'account_id:s contract_number:s start_date:d end_date:d contract_term:i'],
  ['dashboards', 'Dashboard', 'Dashboards', 'title:s folder_id:s'],
  ['documents', 'Document', 'Documents', 'name:s folder_id:s body_length:i'],
  ['events', 'Event', 'Events', 'subject:s who_id:s what_id:s owner_id:s is_all_day_event:b start_date_time:t end_date_time:t activity_date:d'],
  ['groups', 'Group', 'Groups', 'name:s related_id:s'],
  ['leads', 'Lead', 'Leads', 'name:s first_name:s last_name:s email:s company:s owner_id:s is_converted:b converted_date:d annual_revenue:n number_of_employees:i'],
  ['notes', 'Note', 'Notes', 'parent_id:s title:s is_private:b'],
  ['opportunities', 'Opportunity', 'Opportunities', 'name:s account_id:s owner_id:s stage_name:s amount:n probability:n expected_revenue:n close_date:d is_closed:b is_won:b'],
  ['opportunity_competitor', 'OpportunityCompetitor', 'Opportunity competitors', 'opportunity_id:s competitor_name:s'],
  ['opportunity_contact_role', 'OpportunityContactRole', 'Opportunity contact roles', 'opportunity_id:s contact_id:s is_primary:b'],
  // Old and new values are of whatever type the changed field has: undeclared.
  ['opportunity_field_history', 'OpportunityFieldHistory', 'Opportunity field history', 'opportunity_id:s field:s'],
  ['opportunity_product', 'OpportunityLineItem', 'Opportunity products', 'opportunity_id:s pricebook_entry_id:s quantity:n unit_price:n total_price:n service_date:d'],
  ['opportunity_line_item_schedules', 'OpportunityLineItemSchedule', 'Opportunity product schedules', 'opportunity_line_item_id:s revenue:n quantity:n schedule_date:d'],
  ['opportunity_stage', 'OpportunityStage', 'Opportunity stages', 'master_label:s sort_order:i is_active:b is_closed:b is_won:b default_probability:n'],
  ['period', 'Period', 'Fiscal periods', 'start_date:d end_date:d number:i is_forecast_period:b'],
  ['price_books', 'Pricebook2', 'Price books', 'name:s is_active:b is_standard:b'],
  ['price_book_entries', 'PricebookEntry', 'Price book entries', 'pricebook2_id:s product2_id:s unit_price:n is_active:b'],
  ['products', 'Product2', 'Products', 'name:s product_code:s is_active:b'],
  ['profile', 'Profile', 'Profiles', 'name:s user_license_id:s'],
  ['tasks', 'Task', 'Tasks', 'subject:s who_id:s what_id:s owner_id:s activity_date:d is_closed:b'],
  ['users', 'User', 'Users', 'username:s name:s email:s is_active:b profile_id:s user_role_id:s last_login_date:t'],
  ['role', 'UserRole', 'Roles', 'name:s parent_role_id:s'],
];

const TAGGED = ['Account', 'Campaign', 'Case', 'Contact', 'Contract', 'Dashboard', 'Document', 'Event', 'Lead', 'Note', 'Opportunity', 'Solution', 'Task'];
const FEATURES: typeof COMMON = [
  ['user_login', 'UserLogin', 'User logins', 'user_id:s is_frozen:b is_password_locked:b'],
  ['solutions', 'Solution', 'Solutions', 'solution_name:s is_published:b'],
  ['case_solution', 'CaseSolution', 'Case solutions', 'case_id:s solution_id:s'],
  ...TAGGED.map((object) => [`${object.toLowerCase()}_${object === 'Opportunity' ? 'tag' : 'tags'}`, `${object}Tag`, `${object} tags`, 'item_id:s tag_definition_id:s name:s'] as const),
];

const MESSAGES = new Set(['Account', 'Campaign', 'CampaignMember', 'Case', 'Contact', 'Contract', 'Event', 'Lead', 'Opportunity', 'OpportunityLineItem', 'Product2', 'Solution', 'Task', 'User']);

const objectOf = (common: boolean) => ([collection, object, title, fields = '']: (typeof COMMON)[number]): SalesforceObject => ({
  collection, object, title, common, messages: MESSAGES.has(object), fields: Object.fromEntries(fields.split(' ').map((field) => field.split(':')).map(([name = '', type = '']) => [name, TYPES[type] ?? 'json'])),
});

/** Segment's 48 collections but for `names` (`Name` can't be queried); its `_group` is `groups` here. */
export const OBJECTS: readonly SalesforceObject[] = [...COMMON.map(objectOf(true)), ...FEATURES.map(objectOf(false))];
