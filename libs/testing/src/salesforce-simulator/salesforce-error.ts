/** An answer with an error body as Salesforce documents it for REST: an array of `{message, errorCode, fields?}`. */
export class SalesforceApiError extends Error {
  constructor(readonly status: number, readonly errorCode: string, message: string, readonly fields?: readonly string[]) {
    super(message);
  }

  body(): string {
    const { message, errorCode, fields } = this;
    return JSON.stringify([{ message, errorCode, ...fields !== undefined && { fields } }]);
  }
}

/** An answer of the token endpoint: an object, not an array. */
export class OAuthError extends Error {
  constructor(readonly error: string, readonly description: string, readonly status = 400) {
    super(`${error}: ${description}`);
  }

  body(): string {
    return JSON.stringify({ error: this.error, error_description: this.description });
  }
}

export const notFound = (): SalesforceApiError => new SalesforceApiError(404, 'NOT_FOUND', 'The requested resource does not exist');

export const invalidSession = (): SalesforceApiError => new SalesforceApiError(401, 'INVALID_SESSION_ID', 'Session expired or invalid');

export const malformed = (message: string): SalesforceApiError => new SalesforceApiError(400, 'MALFORMED_QUERY', message);

/** A mistake in a query, with the part of the query that it is in, as Salesforce shows it. @param at index into the query */
export function inQuery(errorCode: 'INVALID_FIELD' | 'INVALID_TYPE', soql: string, at: number, message: string): SalesforceApiError {
  const shown = soql.slice(Math.max(0, at - 40), at + 40).replace(/\s+/g, ' ');
  return new SalesforceApiError(400, errorCode, `\n${shown}\n${' '.repeat(Math.min(at, 40))}^\nERROR at Row:1:Column:${at + 1}\n${message}`);
}

export const unsupportedType = (soql: string, at: number, name: string): SalesforceApiError => inQuery('INVALID_TYPE', soql, at,
  `sObject type '${name}' is not supported. If you are attempting to use a custom object, be sure to append the '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names.`);

export const noSuchColumn = (soql: string, at: number, field: string, object: string): SalesforceApiError => inQuery('INVALID_FIELD', soql, at,
  `No such column '${field}' on entity '${object}'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names.`);
