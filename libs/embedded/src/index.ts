export { startKafka, type KafkaOptions, type RunningKafka } from './kafka.js';
export { freePorts, portIsTaken } from './ports.js';
export { startPostgres, type PostgresOptions, type RunningPostgres } from './postgres.js';
export { endLeftovers, endOf, spawnOwned, type Exit, type RunningProcess, type SpawnOptions } from './processes.js';
export { identify, isRunning, type ProcessIdentity } from './process-identity.js';
export { FolderInUseError, lockFolder, ownerOf, type FolderLock } from './folder-lock.js';
export { temporaryFolder } from './temporary-folder.js';
