import { Problem } from './problem.js';

/** The gateway's REST API, called with an API key. */
export class GatewayClient {
  constructor(private readonly url: string, private readonly apiKey: string) {}

  get<T>(path: string): Promise<T> { return this.call('GET', path); }
  post<T>(path: string, body?: object): Promise<T> { return this.call('POST', path, body); }
  put<T>(path: string, body: object): Promise<T> { return this.call('PUT', path, body); }
  patch<T>(path: string, body: object): Promise<T> { return this.call('PATCH', path, body); }

  /** @throws Problem with the API's own words when it refuses. */
  private async call<T>(method: string, path: string, body?: object): Promise<T> {
    const answer = await fetch(`${this.url}/api/v1/${path}`, {
      method,
      headers: { authorization: `Bearer ${this.apiKey}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(60_000),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Problem(`The gateway refuses ${method} ${path} (${answer.status}): ${inWords(text)}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }
}

function inWords(text: string): string {
  try {
    const { title, detail, remedy } = JSON.parse(text) as { title?: string; detail?: string; remedy?: string };
    return [title, detail, remedy].filter((part) => part !== undefined).join(' ');
  } catch {
    return text.slice(0, 500);
  }
}
