import { Client } from 'pg';

/**
 * A lock that one process holds as long as its connection lives: PostgreSQL gives it to the next one when the holder dies.
 * It has a connection of its own, which also hears notifications.
 */
export class Leadership {
  private connection: Client | undefined;

  /**
   * @param url of the control database
   * @param lock number of an advisory lock, the same for all that compete
   * @param channel `wake` is called for every notification on it, while active
   */
  constructor(private readonly url: string, private readonly lock: number, private readonly channel: 'outbox', private readonly wake: () => void) {}

  /** Whether this process is the active one, asked of the server each time; it takes the lock when it is free. @throws when the server can't be reached */
  async isActive(): Promise<boolean> {
    if (this.connection !== undefined) {
      await this.connection.query('select 1').catch((error: unknown) => { void this.release(); throw error; });
      return true;
    }
    const client = new Client({ connectionString: this.url, application_name: 'scheduler leadership', connectionTimeoutMillis: 10_000, query_timeout: 10_000, keepAlive: true });
    client.on('error', () => { if (this.connection === client) this.connection = undefined; });
    try {
      await client.connect();
      const { rows: [answer] } = await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1) as taken', [this.lock]);
      if (answer?.taken !== true) return false;
      client.on('notification', this.wake);
      await client.query(`listen ${this.channel}`);
      this.connection = client;
      return true;
    } finally {
      if (this.connection !== client) void client.end().catch(() => undefined);
    }
  }

  /** Gives the lock to the next one. */
  async release(): Promise<void> {
    const client = this.connection;
    this.connection = undefined;
    await client?.end().catch(() => undefined);
  }
}
