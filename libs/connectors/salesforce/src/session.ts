import { PartnerContractError } from '#contracts';
import type { Connector, PartnerHttp, PartnerRequest, PartnerResponse, Quota } from '#connector-kit';
import { mapError, salesforceError } from './map-error.js';

/** A job's results must be asked for with the version that the job was made with, so there is one for all. */
export const API = '/services/data/v64.0';

const DAY_MS = 86_400_000;

/** Every answer of the API says what all apps of the org used in 24 hours, rolling, and costs nothing more: `/limits` would be a call. */
export const quota: NonNullable<Connector['quota']> = ({ headers: { 'sforce-limit-info': info } }): Quota | undefined => {
  const [, used, limit] = /api-usage=(\d+)\/(\d+)/.exec(typeof info === 'string' ? info : '') ?? [];
  return used === undefined ? undefined : { name: 'api', windowMs: DAY_MS, limit: Number(limit), used: Number(used) };
};

/** The API for one reader of a run. */
export class Session {
  constructor(private readonly http: PartnerHttp, private readonly collection: string) {}

  /**
   * @param answers error codes with status 400 that are an answer: the caller finds them with `errorCode`
   * @throws those of `PartnerHttp.send`
   */
  async send(request: Omit<PartnerRequest, 'collection' | 'accept'>, answers: readonly string[] = []): Promise<PartnerResponse> {
    const response = await this.http.send({ ...request, collection: this.collection, ...answers.length > 0 && { accept: [400, 404] } });
    if (response.status >= 400 && !answers.includes(errorCode(response) ?? '')) {
      throw mapError({ ...response, path: request.path }) ?? new PartnerContractError(`Salesforce answered ${response.status} to ${request.path}.`);
    }
    return response;
  }
}

/** The error code of an answer that `send` let through. */
export const errorCode = ({ status, body }: PartnerResponse): string | undefined => (status < 400 ? undefined : salesforceError(body)?.code);
