export type {
  CheckContext, CheckResult, Checkpoint, CollectionAccess, Connector, Credentials, Discovery, Normalize, NormalizeFailure, NormalizedRecord, Page, PassPage,
  ReadCollection, ReadContext, ReadWindow, RunScope, WebhookHandler, WebhookRequest, WebhookVerdict,
} from './connector.js';
export { parentsOf, topicOf } from './declaration.js';
export type { AuthMethod, CollectionDeclaration, ConfigurationField, ConnectorDeclaration, DescribedFields, FieldType, TemplateDeclaration } from './declaration.js';
export { defineConnector } from './define-connector.js';
export { createPartnerHttp, type PartnerHttpOptions } from './http/partner-http.js';
export { guardedConnector } from './http/address-guard.js';
export { admit, pauseAccount, withReadings, type AccountState, type Admission, type QuotaReading } from './http/admit.js';
export { redactor, type Redact } from './http/redact.js';
export type { RateLimits } from './http/rate-limit.js';
export { sleep } from './http/retry.js';
export type { ApiCall, BegunCall, CallGate, PartnerAnswer, PartnerClient, PartnerHttp, PartnerRequest, PartnerResponse, PartnerWait, Quota } from './http/types.js';
export { authorizationUrl, isRenewable, newPkce, tokenPart, withoutRefreshToken, type AuthorizationRequest, type OAuth, type OAuthClient, type TokenAnswer } from './oauth/oauth.js';
export { exchangeCode, refreshCredentials, type TokenRequestOptions } from './oauth/token-endpoint.js';
export { recordSlices, type RecordSlice } from './record-slices.js';
export { createRunScope } from './run-scope.js';
export { splitPage } from './split-page.js';
export { hmacVerifier, type HmacScheme } from './webhook/hmac-verifier.js';
export { checkAccess } from './check-access.js';
export { connectorConformance } from './conformance/conformance.js';
export type { ConformanceCase, ConformanceHarness, ConformancePartner } from './conformance/harness.js';
export { planReads, type ReadPlan } from './plan-reads.js';
export { parsePage, type ParsedPage } from './read-page.js';
export { withFound } from './with-found.js';
