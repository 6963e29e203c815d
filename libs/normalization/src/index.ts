export { parseJson, stringifyJson } from './json.js';
export { normalizeRaw, type Normalized, type RecordFailure, type RecordMessage } from './normalize-raw.js';
