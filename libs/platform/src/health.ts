import { createServer, type Server } from 'node:http';
import type { Metrics } from './metrics.js';

const LOOP_MS = 60_000;

/**
 * Live: every loop turned within its time. Ready: live, and every named part said so.
 * A consumer's loop ticks also while it waits, so that "connected but stuck" is not healthy.
 */
export class Health {
  private readonly loops = new Map<string, { last: number; maxMs: number }>();
  private readonly parts = new Map<string, boolean>();
  private server: Server | undefined;

  constructor(private readonly metrics: Metrics) {}

  tick(loop: string, maxMs: number = LOOP_MS): void {
    this.loops.set(loop, { last: Date.now(), maxMs });
    this.metrics.lastTick.set({ loop }, Date.now() / 1000);
  }

  /** The loop has ended and is no longer looked at. */
  forget(loop: string): void { this.loops.delete(loop); }

  ready(part: string, is: boolean): void { this.parts.set(part, is); }

  private stuck(): string[] {
    const now = Date.now();
    return [...this.loops].filter(([, { last, maxMs }]) => now - last > maxMs).map(([name]) => name);
  }

  /** Serves /health/live, /health/ready and /metrics; the port it took. */
  async listen(host: string, port: number): Promise<number> {
    const server = createServer(async (request, response) => {
      const answer = (status: number, body: unknown): void => { response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)); };
      const path = request.url?.split('?')[0];
      const stuck = this.stuck();
      if (path === '/health/live') return answer(stuck.length === 0 ? 200 : 503, { live: stuck.length === 0, stuck });
      if (path === '/health/ready') {
        const waiting = [...this.parts].filter(([, is]) => !is).map(([name]) => name);
        const ready = stuck.length === 0 && waiting.length === 0;
        return answer(ready ? 200 : 503, { ready, stuck, waiting });
      }
      if (path === '/metrics') return void response.writeHead(200, { 'content-type': this.metrics.registry.contentType }).end(await this.metrics.registry.metrics());
      return answer(404, { title: 'There is nothing here. Try /health/live, /health/ready or /metrics.' });
    });
    this.server = server;
    await new Promise<void>((resolve, reject) => { server.once('error', reject).listen(port, host, resolve); });
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : port;
  }

  async close(): Promise<void> {
    this.server?.closeAllConnections();
    await new Promise<void>((resolve) => { if (this.server === undefined) resolve(); else this.server.close(() => resolve()); });
  }
}
