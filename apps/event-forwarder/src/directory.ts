import { compileFilter, type ForwardedEvent } from '#forwarding';
import type { DestinationRow } from '#persistence';

/** A destination with its filter ready to be asked. */
export interface Listener {
  readonly id: string;
  readonly startsAt: number;
  readonly subject: readonly string[];
  readonly wants: (event: ForwardedEvent) => boolean;
}

const NOBODY: readonly Listener[] = [];

/** The enabled destinations, by workspace, as they were at some moment. */
export class Directory {
  private byWorkspace = new Map<string, readonly Listener[]>();
  private readAt = 0;
  private reading: Promise<void> | undefined;

  constructor(private readonly load: () => Promise<readonly DestinationRow[]>, private readonly unreadable: (destinationId: string, error: Error) => void) {}

  /** Reads them anew unless they were read after `at` (ms since the epoch): a destination gets what arrives after it was made. @throws while the control database is away */
  async asOf(at: number): Promise<void> {
    const least = Math.min(at, Date.now());
    while (this.readAt < least) await (this.reading ??= this.read().finally(() => { this.reading = undefined; }));
  }

  of(workspaceId: string): readonly Listener[] { return this.byWorkspace.get(workspaceId) ?? NOBODY; }

  private async read(): Promise<void> {
    const at = Date.now();
    const byWorkspace = new Map<string, Listener[]>();
    for (const { id, workspaceId, filter, subject, startsAt } of await this.load()) {
      let wants: Listener['wants'];
      // The gateway refuses a filter that can't be read; one of a newer version may be in there all the same.
      try { wants = compileFilter(filter); } catch (error) { this.unreadable(id, error as Error); continue; }
      byWorkspace.set(workspaceId, [...byWorkspace.get(workspaceId) ?? [], { id, startsAt: startsAt.getTime(), subject, wants }]);
    }
    this.byWorkspace = byWorkspace;
    this.readAt = at;
  }
}
