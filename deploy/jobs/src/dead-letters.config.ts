import { DatabaseConfig } from '#platform';

/** Settings of `dead-letters`. */
export class DeadLettersConfig extends DatabaseConfig {}
