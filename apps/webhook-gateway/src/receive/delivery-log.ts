import type { WebhookDelivery, WebhookRepository, WebhookTally } from '#persistence';

const EVERY_MS = 1_000;
/** Of one source and one turn; the others are counted. */
const SHOWN = 20;
/** Sources of one turn; what is beyond them, while the database is away, isn't counted. */
const SOURCES = 10_000;
const HOUR_MS = 3_600_000;
const REASON_CHARS = 300;

interface Open { taken: number; refused: number; newest: WebhookDelivery[] }

/** What people see of webhooks: counted at once, written once a second, in nobody's way. Best effort: the records themselves are in Kafka. */
export class DeliveryLog {
  private open = new Map<string, Open>();
  private readonly timer: NodeJS.Timeout;
  private writing: Promise<void> = Promise.resolve();

  constructor(private readonly webhooks: Pick<WebhookRepository, 'count'>, private readonly failed: (error: unknown) => void) {
    this.timer = setInterval(() => { this.write(); }, EVERY_MS).unref();
  }

  add(sourceId: string, delivery: WebhookDelivery): void {
    const key = `${sourceId} ${Math.floor(delivery.receivedAt.getTime() / HOUR_MS)}`;
    let open = this.open.get(key);
    if (open === undefined) {
      if (this.open.size >= SOURCES) return;
      open = { taken: 0, refused: 0, newest: [] };
      this.open.set(key, open);
    }
    if (delivery.status === 200) open.taken += 1; else open.refused += 1;
    open.newest.push({ ...delivery, reason: delivery.reason.slice(0, REASON_CHARS) });
    if (open.newest.length > SHOWN) open.newest.shift();
  }

  /** Writes what is left. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    this.write();
    await this.writing;
  }

  private write(): void {
    if (this.open.size === 0) return;
    const tallies = [...this.open].map(([key, open]): WebhookTally => {
      const [sourceId = '', hour] = key.split(' ');
      return { sourceId, hour: new Date(Number(hour) * HOUR_MS), ...open };
    });
    this.open = new Map();
    this.writing = this.writing.then(() => this.webhooks.count(tallies)).catch(this.failed);
  }
}
