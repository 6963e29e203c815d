export { deadLetter, drop, ok, pipeline, type DeadLetterResult, type Drop, type Ok, type Pipeline, type Result } from './result.js';
