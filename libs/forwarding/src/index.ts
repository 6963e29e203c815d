export { ConditionError } from './condition.js';
export { DEFAULT_SUBJECT, NotAnEventError, readEvent, subjectOf, type EventOrigin, type ForwardedEvent } from './event.js';
export { explain, type Explanation } from './explain.js';
export { compileFilter, type EventFilter } from './filter.js';
export { DESTINATION_KINDS, LIMITS, messageFor, type DestinationKind, type Target } from './requests.js';
export { Sender, type Attempt, type Sent } from './sender.js';
export { isSigningSecret, newSigningSecret, signatureHeaders } from './signature.js';
