import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { migrate, openDatabase, type DataSource } from '#persistence';
import { Health } from '#platform';
import { GatewayConfig } from './gateway.config.js';

/** The control database, for as long as the gateway runs. */
@Injectable()
export class ControlDatabase implements OnApplicationShutdown {
  private constructor(readonly connection: DataSource) {}

  static async open(config: GatewayConfig, health: Health): Promise<ControlDatabase> {
    const connection = await openDatabase({ url: config.databaseUrl, applicationName: 'gateway', poolSize: 10 });
    await migrate(connection);
    health.ready('database', true);
    return new ControlDatabase(connection);
  }

  async onApplicationShutdown(): Promise<void> { await this.connection.destroy(); }
}
