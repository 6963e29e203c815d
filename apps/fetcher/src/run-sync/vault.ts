/** The vault with the keys of the configuration. */
export const VAULT = Symbol('vault');

/** Injects the control database. */
export const DATABASE = Symbol('control database');
