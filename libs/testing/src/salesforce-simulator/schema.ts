/** Types of fields as describe names them, of those that the simulated objects have. */
export type SalesforceFieldType =
  | 'id' | 'boolean' | 'string' | 'textarea' | 'picklist' | 'reference' | 'datetime' | 'date' | 'int' | 'double' | 'currency' | 'percent' | 'phone' | 'email' | 'url' | 'address' | 'base64';

export interface FieldSchema {
  readonly name: string;
  readonly type: SalesforceFieldType;
  /** A formula: it changes without moving SystemModstamp. */
  readonly calculated: boolean;
  /** The compound field that this one is a part of, e.g. `BillingAddress`. */
  readonly compound: string | undefined;
}

export interface ObjectSchema {
  readonly name: string;
  readonly label: string;
  /** First three characters of its records' ids. */
  readonly keyPrefix: string;
  readonly custom: boolean;
  readonly queryable: boolean;
  /** By name in lower case: SOQL doesn't tell cases apart. */
  readonly fields: ReadonlyMap<string, FieldSchema>;
}

const AUDIT = 'CreatedById:reference CreatedDate:datetime LastModifiedById:reference LastModifiedDate:datetime SystemModstamp:datetime';
const DELETABLE = `Id:id IsDeleted:boolean ${AUDIT}`;
const LASTING = `Id:id ${AUDIT}`;
const TAG = 'Id:id IsDeleted:boolean CreatedDate:datetime SystemModstamp:datetime TagDefinitionId:reference ItemId:reference Name:string Type:picklist';
const address = (prefix: string): string => `${['Street:textarea', 'City:string', 'State:string', 'PostalCode:string', 'Country:string'].map((part) => `${prefix}${part}@${prefix}Address`).join(' ')} ${prefix}Address:address`;

/** What an org has from the start: name, key prefix, fields as `Name:type`, `@Compound` for parts, `=` for formulas. */
const STANDARD: Readonly<Record<string, readonly [prefix: string, fields: string]>> = {
  Account: ['001', `${DELETABLE} Name:string Type:picklist ParentId:reference ${address('Billing')} Phone:phone Website:url Industry:picklist AnnualRevenue:currency NumberOfEmployees:int Description:textarea OwnerId:reference AccountSource:picklist Score__c:double=`],
  AccountContactRole: ['02Z', `${DELETABLE} AccountId:reference ContactId:reference Role:picklist IsPrimary:boolean`],
  AccountTag: ['00g', TAG],
  Campaign: ['701', `${DELETABLE} Name:string Type:picklist Status:picklist StartDate:date EndDate:date BudgetedCost:currency NumberSent:double IsActive:boolean OwnerId:reference`],
  CampaignMember: ['00v', `${DELETABLE} CampaignId:reference LeadId:reference ContactId:reference Status:picklist HasResponded:boolean FirstRespondedDate:date`],
  CampaignShare: ['08s', 'Id:id IsDeleted:boolean CampaignId:reference UserOrGroupId:reference CampaignAccessLevel:picklist RowCause:picklist LastModifiedDate:datetime LastModifiedById:reference'],
  CampaignTag: ['00h', TAG],
  Case: ['500', `${DELETABLE} CaseNumber:string ContactId:reference AccountId:reference Subject:string Status:picklist Priority:picklist Origin:picklist Description:textarea IsClosed:boolean ClosedDate:datetime OwnerId:reference`],
  CaseComment: ['00a', `${DELETABLE} ParentId:reference CommentBody:textarea IsPublished:boolean`],
  CaseContactRole: ['03j', `${DELETABLE} CasesId:reference ContactId:reference Role:picklist`],
  CaseSolution: ['010', 'Id:id IsDeleted:boolean CaseId:reference SolutionId:reference CreatedById:reference CreatedDate:datetime SystemModstamp:datetime'],
  CaseTag: ['00i', TAG],
  Contact: ['003', `${DELETABLE} AccountId:reference FirstName:string@Name LastName:string@Name Name:string ${address('Mailing')} Phone:phone Email:email Title:string Birthdate:date OwnerId:reference`],
  ContactTag: ['00j', TAG],
  Contract: ['800', `${DELETABLE} AccountId:reference Status:picklist StartDate:date EndDate:date ContractTerm:int ContractNumber:string OwnerId:reference`],
  ContractTag: ['00k', TAG],
  Dashboard: ['01Z', `${DELETABLE} Title:string DeveloperName:string FolderId:reference Type:picklist`],
  DashboardTag: ['00l', TAG],
  Document: ['015', `${DELETABLE} Name:string FolderId:reference ContentType:string BodyLength:int Body:base64 Url:url AuthorId:reference`],
  DocumentTag: ['00m', TAG],
  Event: ['00U', `${DELETABLE} Subject:string WhoId:reference WhatId:reference StartDateTime:datetime EndDateTime:datetime IsAllDayEvent:boolean Location:string OwnerId:reference`],
  EventTag: ['00n', TAG],
  Group: ['00G', `${LASTING} Name:string DeveloperName:string RelatedId:reference Type:picklist Email:email OwnerId:reference`],
  Lead: ['00Q', `${DELETABLE} FirstName:string@Name LastName:string@Name Name:string Company:string Email:email Phone:phone Status:picklist LeadSource:picklist IsConverted:boolean ConvertedDate:date OwnerId:reference`],
  LeadTag: ['00p', TAG],
  Note: ['002', `${DELETABLE} ParentId:reference Title:string Body:textarea IsPrivate:boolean OwnerId:reference`],
  NoteTag: ['00q', TAG],
  Opportunity: ['006', `${DELETABLE} AccountId:reference Name:string StageName:picklist Amount:currency Probability:percent ExpectedRevenue:currency CloseDate:date Type:picklist LeadSource:picklist IsClosed:boolean IsWon:boolean OwnerId:reference`],
  OpportunityCompetitor: ['00J', `${DELETABLE} OpportunityId:reference CompetitorName:string Strengths:string Weaknesses:string`],
  OpportunityContactRole: ['00K', `${DELETABLE} OpportunityId:reference ContactId:reference Role:picklist IsPrimary:boolean`],
  OpportunityFieldHistory: ['017', 'Id:id IsDeleted:boolean OpportunityId:reference CreatedById:reference CreatedDate:datetime Field:picklist OldValue:string NewValue:string'],
  OpportunityLineItem: ['00k', `${DELETABLE} OpportunityId:reference PricebookEntryId:reference Product2Id:reference Quantity:double UnitPrice:currency TotalPrice:currency ServiceDate:date`],
  OpportunityLineItemSchedule: ['00o', `${DELETABLE} OpportunityLineItemId:reference Type:picklist Revenue:currency Quantity:double ScheduleDate:date`],
  OpportunityStage: ['01J', `${LASTING} MasterLabel:string ApiName:string IsActive:boolean SortOrder:int IsClosed:boolean IsWon:boolean DefaultProbability:percent`],
  OpportunityTag: ['00r', TAG],
  Organization: ['00D', `${LASTING} Name:string OrganizationType:picklist InstanceName:string IsSandbox:boolean`],
  Period: ['026', 'Id:id SystemModstamp:datetime FiscalYearSettingsId:reference Type:picklist StartDate:date EndDate:date IsForecastPeriod:boolean Number:int PeriodLabel:picklist QuarterLabel:picklist'],
  Pricebook2: ['01s', `${DELETABLE} Name:string IsActive:boolean IsStandard:boolean Description:string`],
  PricebookEntry: ['01u', `${DELETABLE} Name:string Pricebook2Id:reference Product2Id:reference UnitPrice:currency IsActive:boolean UseStandardPrice:boolean ProductCode:string`],
  Product2: ['01t', `${DELETABLE} Name:string ProductCode:string Description:textarea IsActive:boolean Family:picklist`],
  Profile: ['00e', `${LASTING} Name:string Description:string UserType:picklist UserLicenseId:reference`],
  Solution: ['501', `${DELETABLE} SolutionNumber:string SolutionName:string IsPublished:boolean Status:picklist SolutionNote:textarea OwnerId:reference`],
  SolutionTag: ['00s', TAG],
  Task: ['00T', `${DELETABLE} Subject:string WhoId:reference WhatId:reference ActivityDate:date Status:picklist Priority:picklist IsClosed:boolean Description:textarea OwnerId:reference`],
  TaskTag: ['00t', TAG],
  User: ['005', `${LASTING} Username:string FirstName:string LastName:string Name:string Email:email IsActive:boolean ProfileId:reference UserRoleId:reference LastLoginDate:datetime TimeZoneSidKey:picklist`],
  UserLogin: ['1UL', 'Id:id UserId:reference IsFrozen:boolean IsPasswordLocked:boolean LastModifiedDate:datetime LastModifiedById:reference'],
  UserRole: ['00E', `${LASTING} Name:string ParentRoleId:reference RollupDescription:string DeveloperName:string`],
};

function fieldOf(text: string): FieldSchema {
  const [, name = '', type = 'string', compound, formula] = /^(\w+):(\w+)(?:@(\w+))?(=)?$/.exec(text) ?? [];
  return { name, type: type as SalesforceFieldType, compound, calculated: formula !== undefined };
}

/** @param fields as `Name:type`, separated by spaces; a formula ends in `=` */
export function objectSchema(name: string, keyPrefix: string, fields: string, queryable = true): ObjectSchema {
  const list = fields.split(' ').map(fieldOf);
  return { name, label: name.replace(/__c$/, '').replaceAll('_', ' '), keyPrefix, custom: name.endsWith('__c'), queryable, fields: new Map(list.map((field) => [field.name.toLowerCase(), field])) };
}

/** The objects of a new org. `Name` is in describe, but can't be queried. */
export const standardSchemas = (): ObjectSchema[] => [
  ...Object.entries(STANDARD).map(([name, [prefix, fields]]) => objectSchema(name, prefix, fields)), objectSchema('Name', '000', 'Id:id Name:string', false),
];

/** A custom object with the fields that every one has, and those given as `Name:type`. */
export const customSchema = (name: string, keyPrefix: string, fields: readonly string[]): ObjectSchema =>
  objectSchema(name, keyPrefix, `${DELETABLE} Name:string OwnerId:reference ${fields.join(' ')}`.trim());

/** The answer of `/sobjects/X`, without its fields. */
export function describeObject({ name, label, keyPrefix, custom, queryable }: ObjectSchema, version: string): Record<string, unknown> {
  const url = `/services/data/${version}/sobjects/${name}`;
  return {
    name, label, labelPlural: `${label}s`, keyPrefix, custom, queryable, customSetting: false, deprecatedAndHidden: false, searchable: queryable, retrieveable: queryable,
    replicateable: queryable && !name.endsWith('Share'), createable: true, updateable: true, deletable: true, layoutable: true, triggerable: true, undeletable: true,
    urls: { sobject: url, describe: `${url}/describe`, rowTemplate: `${url}/{ID}` },
  };
}

export const describeField = ({ name, type, calculated, compound }: FieldSchema): Record<string, unknown> => ({
  name, label: name, type, calculated, compoundFieldName: compound ?? null, custom: name.endsWith('__c'), deprecatedAndHidden: false, nillable: type !== 'id' && type !== 'boolean',
  filterable: !['address', 'base64', 'textarea'].includes(type), sortable: !['address', 'base64', 'textarea'].includes(type), groupable: type === 'string', length: 255, referenceTo: [],
});
