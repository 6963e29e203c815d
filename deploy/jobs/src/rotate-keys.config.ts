import { DatabaseConfig } from '#platform';

/** Settings of `rotate-keys`. */
export class RotateKeysConfig extends DatabaseConfig {}
