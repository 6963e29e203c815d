import { PartnerContractError, RateLimitedError } from '#contracts';
import type { PartnerHttp, PartnerRequest, PartnerResponse, ReadContext } from '#connector-kit';
import { mapError, salesforceError } from './map-error.js';

/** A job's results must be asked for with the version that the job was made with, so there is one for all. */
export const API = '/services/data/v64.0';

/** Of the org's requests: the rest is left to its other apps. */
const OUR_SHARE = 0.9;
const HOUR_MS = 3_600_000;

/** What the org last said of its requests in 24 hours, shared by the readers of a run. */
interface Usage { used: number; max: number }

/** The API for one reader of a run. */
export class Session {
  private constructor(private readonly http: PartnerHttp, private readonly collection: string, private readonly usage: Usage) {}

  static async of({ http, run }: Pick<ReadContext, 'http' | 'run'>, collection: string): Promise<Session> {
    return new Session(http, collection, await run.once('salesforce.usage', () => Promise.resolve({ used: 0, max: 0 })));
  }

  /**
   * Asks, unless the org's requests are nearly used up.
   * @param answers error codes with status 400 that are an answer: the caller finds them with `errorCode`
   * @throws RateLimitedError and those of `PartnerHttp.send`
   */
  async send(request: Omit<PartnerRequest, 'collection' | 'accept'>, answers: readonly string[] = []): Promise<PartnerResponse> {
    const { usage } = this;
    if (usage.max > 0 && usage.used >= usage.max * OUR_SHARE) {
      throw new RateLimitedError(`Of the org's API requests in 24 hours ${usage.used} of ${usage.max} are used; the rest is left to its other apps.`, { retryAfterMs: HOUR_MS });
    }
    const response = await this.http.send({ ...request, collection: this.collection, ...answers.length > 0 && { accept: [400, 404] } });
    const info = response.headers['sforce-limit-info'];
    const [, used, max] = /api-usage=(\d+)\/(\d+)/.exec(typeof info === 'string' ? info : '') ?? [];
    if (used !== undefined) [usage.used, usage.max] = [Number(used), Number(max)];
    if (response.status >= 400 && !answers.includes(errorCode(response) ?? '')) {
      throw mapError({ ...response, path: request.path }) ?? new PartnerContractError(`Salesforce answered ${response.status} to ${request.path}.`);
    }
    return response;
  }
}

/** The error code of an answer that `send` let through. */
export const errorCode = ({ status, body }: PartnerResponse): string | undefined => (status < 400 ? undefined : salesforceError(body)?.code);
