export { clientOf, sealClient } from './client.js';
export { Renewer, keepAliveAt, type RenewableSource, type Renewed } from './renewer.js';
