/** Something that goes wrong on purpose. The first fault that matches a request is used, `times` times. */
export interface Fault {
  /** Path, or the start of it; default every path of the API. */
  readonly path?: string;
  readonly method?: string;
  /** How often; default once. */
  readonly times?: number;
  /** Requests that match but go through before it begins; default 0. */
  readonly after?: number;
  /**
   * - `status`: answers `status` (default 500) with an error body of Stripe's kind
   * - `hang`: never answers · `reset`: closes the connection · `reset_body`: closes it in the middle of the body
   * - `cut_json`: a whole answer whose JSON ends early · `html`: an answer of a proxy with `status` (default 502)
   * - `slow`: waits `delayMs` (default 1000) and then answers
   * - `rewrite`: answers what `rewrite` makes of the right body
   */
  readonly kind: 'status' | 'hang' | 'reset' | 'reset_body' | 'cut_json' | 'html' | 'slow' | 'rewrite';
  readonly status?: number;
  readonly code?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly delayMs?: number;
  readonly rewrite?: (body: string) => string;
}

/** The faults that are still to come. */
export class FaultScript {
  private readonly pending: { readonly fault: Fault; left: number; skip: number }[] = [];

  add(fault: Fault): void {
    this.pending.push({ fault, left: fault.times ?? 1, skip: fault.after ?? 0 });
  }

  clear(): void {
    this.pending.length = 0;
  }

  take(method: string, path: string): Fault | undefined {
    if (this.pending.length === 0) return undefined;
    for (const entry of this.pending) {
      const { fault } = entry;
      if (fault.method !== undefined && fault.method !== method) continue;
      if (fault.path !== undefined && path !== fault.path && !path.startsWith(`${fault.path}/`)) continue;
      if (entry.skip > 0) {
        entry.skip--;
        continue;
      }
      if (--entry.left <= 0) this.pending.splice(this.pending.indexOf(entry), 1);
      return fault;
    }
    return undefined;
  }
}
