/** One answer of the REST API. */
interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
  readonly text: string;
}

interface ErrorReport { readonly code: string; readonly title: string; readonly remedy: string; readonly details?: string; readonly supportReference?: string }
interface Notice { readonly code: string; readonly title: string; readonly remedy: string; readonly collection?: string }
export interface ProblemDetails extends ErrorReport { readonly type: string; readonly status: number; readonly errors?: readonly { readonly field: string; readonly message: string }[] }
export interface List<T> { readonly data: readonly T[]; readonly nextCursor: string | null }
export interface Source {
  readonly id: string; readonly slug: string; readonly state: string; readonly collections: readonly string[]; readonly configuration: Readonly<Record<string, string>>;
  readonly intervalMinutes: number; readonly nextRunAt: string | null; readonly lastRunAt: string | null; readonly warehouseId: string | null;
}
export interface Run {
  readonly id: string; readonly state: string; readonly trigger: string; readonly createdAt: string; readonly records: number; readonly apiCalls: number; readonly error: ErrorReport | null;
  readonly resumeAt: string | null; readonly waitingUntil: string | null; readonly warnings: readonly Notice[]; readonly support: { readonly state: string; readonly notifiedAt: string | null } | null;
}
export interface RunDetail extends Run {
  readonly collections: readonly { readonly collection: string; readonly state: string; readonly records: number; readonly apiCalls: number; readonly error: ErrorReport | null }[];
  readonly attempts: readonly { readonly startedAt: string; readonly endedAt: string | null; readonly outcome: string | null; readonly records: number; readonly apiCalls: number; readonly progressed: boolean }[];
  readonly calls: readonly { readonly collection: string; readonly method: string; readonly request: string; readonly status: number; readonly durationMs: number }[];
}
export interface Webhook { readonly url: string; readonly secrets: readonly { readonly id: string }[] }

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** The gateway's REST API as a browser uses it: signed in, with the session's cookie. */
export class Api {
  /** Everything that it ever answered, as text. */
  readonly answers: string[] = [];
  private cookie: string | undefined;

  constructor(private readonly url: string) {}

  /** Without regard to the status. */
  async ask<T = ProblemDetails>(method: Method, path: string, body?: object): Promise<Answer<T>> {
    const answer = await fetch(`${this.url}/api/v1/${path}`, {
      method,
      headers: { ...(this.cookie !== undefined && { cookie: this.cookie }), ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(60_000),
    });
    const text = await answer.text();
    this.answers.push(text);
    return { status: answer.status, headers: answer.headers, text, body: (text === '' ? undefined : JSON.parse(text)) as T };
  }

  /** A page, as a browser that is signed in opens it. */
  async visit(path: string): Promise<{ readonly status: number; readonly text: string }> {
    const answer = await fetch(`${this.url}/api/v1/${path}`, { headers: { ...(this.cookie !== undefined && { cookie: this.cookie }) }, redirect: 'manual' });
    return { status: answer.status, text: await answer.text() };
  }

  get<T>(path: string): Promise<T> { return this.must('GET', path); }
  post<T>(path: string, body?: object): Promise<T> { return this.must('POST', path, body); }
  put<T>(path: string, body: object): Promise<T> { return this.must('PUT', path, body); }
  patch<T>(path: string, body: object): Promise<T> { return this.must('PATCH', path, body); }
  delete(path: string): Promise<void> { return this.must('DELETE', path); }

  /** @throws Error with the answer unless it is a success */
  private async must<T>(method: Method, path: string, body?: object): Promise<T> {
    const answer = await this.ask<T>(method, path, body);
    if (answer.status < 200 || answer.status > 299) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
    return answer.body;
  }

  /** Signs in. The answer tells whether it was taken. */
  async signIn(email: string, password: string): Promise<Answer<ProblemDetails>> {
    const answer = await this.ask('POST', 'session', { email, password });
    this.cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? this.cookie;
    return answer;
  }
}
