/** `error.type` of an answer. */
export type StripeErrorType = 'api_error' | 'card_error' | 'idempotency_error' | 'invalid_request_error';

/** An answer with an error body as Stripe documents it: `{"error":{"type","code","message","param","doc_url"}}`. */
export class StripeApiError extends Error {
  constructor(
    readonly status: number,
    readonly type: StripeErrorType,
    message: string,
    readonly code?: string,
    readonly param?: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }

  body(requestId: string): string {
    const { type, code, param, message } = this;
    const docUrl = code === undefined ? undefined : `https://stripe.com/docs/error-codes/${code.replaceAll('_', '-')}`;
    return JSON.stringify({ error: { code, doc_url: docUrl, message, param, request_log_url: `https://dashboard.stripe.com/test/logs/${requestId}`, type } }, undefined, 2);
  }
}

export const invalid = (message: string, code?: string, param?: string): StripeApiError =>
  new StripeApiError(400, 'invalid_request_error', message, code, param);

export const unknownParameter = (name: string): StripeApiError => invalid(`Received unknown parameter: ${name}`, 'parameter_unknown', name);

export const missingParameter = (name: string): StripeApiError => invalid(`Missing required param: ${name}.`, 'parameter_missing', name);

/**
 * An id that doesn't exist: 404 when it is in the path, 400 when it is in a parameter.
 * @param noun as Stripe spells it in messages: the `object`, e.g. `customer`
 */
export const noSuch = (noun: string, id: string, param = 'id', status: 400 | 404 = 404): StripeApiError =>
  new StripeApiError(status, 'invalid_request_error', `No such ${noun}: '${id}'`, 'resource_missing', param);

export const unrecognizedUrl = (method: string, path: string): StripeApiError =>
  new StripeApiError(404, 'invalid_request_error', `Unrecognized request URL (${method}: ${path}). Please see https://stripe.com/docs or we can help at https://support.stripe.com/.`);
