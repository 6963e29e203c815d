export { asyncApi, jsonSchemas, type PublishedConnector } from './async-api.js';
export { CE_TYPES, attribute, toHeaders, type CloudEventAttributes, type CloudEventType, type WireHeaders } from './cloud-event.js';
export { deadLetterHeaders, readDeadLetter, type DeadLetter } from './dead-letter.js';
export {
  AuthenticationFailedError, BudgetExhaustedError, CloudSourcesError, ConfigurationInvalidError, ERROR_CODES, HungError, InternalError,
  OutOfMemoryError, PartnerContractError, PartnerUnavailableError, PermissionDeniedError, RateLimitedError, SUPPORT_REMEDY, SUPPORT_STATES, fromErrorReport, needsSupport, toErrorReport,
  type ErrorCode, type ErrorDetail, type ErrorReport, type SupportState,
} from './errors.js';
export { modelMessage, type ModelChange, type ModelKind } from './model.js';
export { NOTICE_CODES, type Notice } from './notice.js';
export { rawHeaders, rawKey, readRawHeaders, type Component, type RawRecordMeta } from './raw-record.js';
export { EventRecord, ObjectRecord, readRecordHeaders, recordKey, type RecordMeta } from './record.js';
export {
  COLLECTION_RUN_STATES, RUN_STATES, RUN_TRIGGERS, SOURCE_STATES, isFinal,
  type CollectionRunState, type RunState, type RunTrigger, type SourceState,
} from './states.js';
export { SyncCommand } from './sync-command.js';
export { ReplayProgress, SyncEvent } from './sync-event.js';
export {
  DEAD_LETTER_SERVICES, DEFAULT_TOPIC_OPTIONS, RAW_SPLIT_BYTES, groupNames, recordTopic, topicDefinitions, topicNames,
  type ConnectorTopics, type TopicDefinition, type TopicOptions,
} from './topics.js';
export { validate } from './validate.js';
