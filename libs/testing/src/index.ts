export { randomName, testDatabase, testKafka, type TestDatabase } from './harness/infrastructure.js';
