import createClient from 'openapi-fetch';
import type { components, paths } from './generated/schema';

export type Schemas = components['schemas'];
export type Problem = Schemas['ProblemDto'];

/** The gateway's REST API, by its OpenAPI document. The session is a cookie. */
export const api = createClient<paths>({ baseUrl: '', headers: { accept: 'application/json' } });

const UNREACHABLE: Problem = {
  type: 'about:blank', status: 0, code: 'internal', title: 'The server does not answer.', remedy: 'Check your connection; this page tries again by itself.',
};

/** What the gateway refused, as a problem of RFC 9457: a title, what to do, and the fields that are wrong. */
export class ApiProblem extends Error {
  readonly status: number;

  constructor(readonly problem: Problem, /** From the header Retry-After. */ readonly retryAfterSeconds: number | undefined) {
    super(problem.title);
    this.name = 'ApiProblem';
    this.status = problem.status;
  }

  /** The message for one field of a form. */
  field(name: string): string | undefined { return this.problem.errors?.find(({ field }) => field === name)?.message; }
}

interface Answer<T> { readonly data?: T; readonly error?: unknown; readonly response: Response }

/** The answer's body. @throws ApiProblem */
export async function answer<T>(request: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await request.catch(() => { throw new ApiProblem(UNREACHABLE, undefined); });
  if (response.ok) return data as T;
  const problem = typeof error === 'object' && error !== null && 'title' in error ? error as Problem : { ...UNREACHABLE, status: response.status, title: `The server answered ${response.status}.` };
  const seconds = Number(response.headers.get('retry-after'));
  throw new ApiProblem(problem, seconds > 0 ? seconds : undefined);
}

/** A list whole, page after page. @throws ApiProblem */
export async function whole<T>(read: (query: { limit: number; cursor?: string }) => Promise<Answer<{ data: T[]; nextCursor: string | null }>>): Promise<T[]> {
  const all: T[] = [];
  for (let cursor: string | null | undefined; cursor !== null;) {
    const page: { data: T[]; nextCursor: string | null } = await answer(read({ limit: 1_000, ...(cursor !== undefined && { cursor }) }));
    all.push(...page.data);
    cursor = page.nextCursor;
  }
  return all;
}

/** Any thrown value as a problem to show. */
export const problemOf = (error: unknown): Problem =>
  error instanceof ApiProblem ? error.problem : { ...UNREACHABLE, title: 'Something in this page went wrong.', remedy: 'Reload it; if it stays, report it with what you did.' };
