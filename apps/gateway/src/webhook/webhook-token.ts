import { randomBytes } from 'node:crypto';

/** What a webhook URL ends with; nobody can guess it. */
export const newWebhookToken = (): string => randomBytes(32).toString('base64url');
