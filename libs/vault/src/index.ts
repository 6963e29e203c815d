export { createVault, type Vault, type VaultKeys } from './vault.js';
export { parseKeyRing } from './key-ring.js';
export { sealContext } from './context.js';
