/** The vault with the keys of the configuration. */
export const VAULT = Symbol('vault');
