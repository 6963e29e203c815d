import { Problem } from './problem.js';

interface SourceWebhook { readonly url: string; readonly secrets: readonly unknown[] }

/** The gateway's REST API, called with an API key. */
export class GatewayClient {
  constructor(private readonly url: string, private readonly apiKey: string) {}

  get<T>(path: string): Promise<T> { return this.call('GET', path); }
  post<T>(path: string, body?: object): Promise<T> { return this.call('POST', path, body); }
  put<T>(path: string, body: object): Promise<T> { return this.call('PUT', path, body); }
  patch<T>(path: string, body: object): Promise<T> { return this.call('PATCH', path, body); }

  /** Tries the sign-in that the summary shows. */
  async signIn(email: string, password: string): Promise<void> {
    try {
      await this.post('session', { email, password });
      await this.get('session');
    } catch (error) {
      throw new Problem(`The control database has another owner than this folder's secrets.json: ${(error as Error).message} Use the folder (CS_DATA_DIR) that it was set up from, or an empty database.`);
    }
  }

  /**
   * What a person's browser does: to the partner's authorization page, on which they agree, and back through the callback.
   * @param as who agrees @param sourceId the source that is connected again @returns the grant to connect a source with
   */
  async agree(connector: string, configuration: Readonly<Record<string, string>>, as: string, sourceId?: string): Promise<string> {
    const { authorizeUrl, grantId } = await this.post<{ authorizeUrl: string; grantId: string }>(`oauth/${connector}/start`, { configuration, ...(sourceId !== undefined && { sourceId }) });
    const page = new URL(authorizeUrl);
    page.searchParams.set('as', as);
    const agreed = await fetch(page, { redirect: 'manual' });
    const back = agreed.headers.get('location');
    if (back === null) throw new Problem(`The authorization page of ${connector} at ${page.origin} answers ${agreed.status} and sends nobody back.`);
    const returned = await fetch(back);
    if (!returned.ok) throw new Problem(`${connector} couldn't be connected by OAuth: ${(await returned.text()).replace(/<(style|title)>.*?<\/\1>|<[^>]*>/gs, ' ').replace(/\s+/g, ' ').trim()}`);
    return grantId;
  }

  /** Begins a sync unless one runs, or ran within the last minute. */
  async syncNow(sourceId: string): Promise<void> {
    const answer = await this.send('POST', `sources/${sourceId}/sync`);
    if (![202, 409, 429].includes(answer.status)) throw await refusal('POST', 'sync', answer);
  }

  /** The address that the partner sends a source's webhooks to. */
  async webhookUrl(sourceId: string): Promise<string> {
    return (await this.get<SourceWebhook>(`sources/${sourceId}/webhook`)).url;
  }

  /** Gives a source its signing secret, unless it has one. */
  async ensureWebhookSecret(sourceId: string, secret: string): Promise<void> {
    const { secrets } = await this.get<SourceWebhook>(`sources/${sourceId}/webhook`);
    if (secrets.length === 0) await this.put(`sources/${sourceId}/webhook/secret`, { secret });
  }

  /** @throws Problem with the API's own words when it refuses. */
  private async call<T>(method: string, path: string, body?: object): Promise<T> {
    const answer = await this.send(method, path, body);
    if (!answer.ok) throw await refusal(method, path, answer);
    const text = await answer.text();
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  private send(method: string, path: string, body?: object): Promise<Response> {
    return fetch(`${this.url}/api/v1/${path}`, {
      method,
      headers: { authorization: `Bearer ${this.apiKey}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(60_000),
    });
  }
}

async function refusal(method: string, path: string, answer: Response): Promise<Problem> {
  return new Problem(`The gateway refuses ${method} ${path} (${answer.status}): ${inWords(await answer.text())}`);
}

function inWords(text: string): string {
  try {
    const { title, detail, errors = [], remedy } = JSON.parse(text) as { title?: string; detail?: string; errors?: { message: string }[]; remedy?: string };
    return [title, detail, ...errors.map(({ message }) => message), remedy].filter((part) => part !== undefined).join(' ');
  } catch {
    return text.slice(0, 500);
  }
}
