export type {
  CheckResult, Checkpoint, CollectionAccess, Connector, Credentials, Normalize, NormalizeFailure, NormalizedRecord, Page,
  ReadCollection, ReadContext, RunScope, WebhookHandler, WebhookRequest, WebhookVerdict,
} from './connector.js';
export type { CollectionDeclaration, ConfigurationField, ConnectorDeclaration, FieldType } from './declaration.js';
export { defineConnector } from './define-connector.js';
export type { ApiCall, PartnerHttp, PartnerRequest, PartnerResponse } from './http.js';
