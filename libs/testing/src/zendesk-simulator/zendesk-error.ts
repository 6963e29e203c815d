/** An answer with an error status, in one of the shapes that Zendesk has for them. */
export class ZendeskApiError extends Error {
  constructor(readonly status: number, readonly body: Readonly<Record<string, unknown>> | string, readonly headers: Readonly<Record<string, string>> = {}) {
    super(typeof body === 'string' ? body : JSON.stringify(body));
    this.name = 'ZendeskApiError';
  }
}

export const notAuthenticated = (): ZendeskApiError => new ZendeskApiError(401, { error: "Couldn't authenticate you" });
export const invalidToken = (): ZendeskApiError => new ZendeskApiError(401, { error: 'invalid_token', error_description: 'The access token provided is expired, revoked, malformed or invalid for other reasons.' });
/** What a role may not do: `error` is an object here. */
export const forbiddenRole = (): ZendeskApiError => new ZendeskApiError(403, { error: { title: 'Forbidden', message: 'You do not have access to this page. Please contact the account owner of this help desk for further help.' } });
/** What a token's scopes don't hold: `error` is a text here. */
export const forbiddenScope = (scopes: readonly string[]): ZendeskApiError => new ZendeskApiError(403, { error: 'Forbidden', description: `You are missing the following required scopes: ${scopes.join(', ')}` });
export const recordNotFound = (): ZendeskApiError => new ZendeskApiError(404, { error: 'RecordNotFound', description: 'Not found' });
export const invalidEndpoint = (): ZendeskApiError => new ZendeskApiError(404, { error: 'InvalidEndpoint', description: 'Not found' });
export const invalidValue = (description: string, status = 422): ZendeskApiError => new ZendeskApiError(status, { error: 'InvalidValue', description });
export const recordInvalid = (details: Readonly<Record<string, string>>): ZendeskApiError => new ZendeskApiError(422, {
  error: 'RecordInvalid', description: 'Record validation errors', details: Object.fromEntries(Object.entries(details).map(([name, description]) => [name, [{ description }]])),
});
