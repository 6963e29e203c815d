import { DatabaseConfig, Setting } from '#platform';

/** Settings of `verify`. */
export class VerifyConfig extends DatabaseConfig {
  @Setting({ env: 'ALLOW_PRIVATE_ADDRESSES', description: 'Lets connectors call loopback and private addresses. For local use only.', type: 'boolean', default: 'false' })
  allowPrivateAddresses!: boolean;
}
