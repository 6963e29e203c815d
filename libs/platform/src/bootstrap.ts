import 'reflect-metadata';
import { Module, type DynamicModule, type INestApplication, type LoggerService, type Type } from '@nestjs/common';
import { ModuleRef, NestFactory } from '@nestjs/core';
import type { CustomTransportStrategy, MicroserviceOptions } from '@nestjs/microservices';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DatabaseConfig, KafkaConfig, ServiceConfig } from './config.js';
import { Health } from './health.js';
import { Logger } from './logger.js';
import { Metrics } from './metrics.js';
import { configOfProcess, trace } from './process.js';

/** A module that consumes control topics provides its transport strategy under this token. */
export const TRANSPORT = Symbol('transport');

/** What a service that answers HTTP needs besides its module. */
export interface HttpOptions<C> {
  readonly port: (config: C) => number;
  readonly adapter?: (config: C) => FastifyAdapter;
  /** Bodies stay bytes: Nest parses none. */
  readonly rawBodies?: true;
  /** Last touches before it listens: pipes, documents, content-type parsers. */
  readonly configure?: (app: NestFastifyApplication, config: C) => void | Promise<void>;
}

@Module({})
class PlatformModule {
  static with(config: ServiceConfig, logger: Logger, metrics: Metrics, health: Health): DynamicModule {
    const values = [
      ...[config.constructor as Type, DatabaseConfig, KafkaConfig, ServiceConfig].map((token) => ({ provide: token, useValue: config })),
      { provide: Logger, useValue: logger }, { provide: Metrics, useValue: metrics }, { provide: Health, useValue: health },
    ];
    return { module: PlatformModule, global: true, providers: values, exports: values.map(({ provide }) => provide) };
  }
}

class NestLog implements LoggerService {
  constructor(private readonly logger: Logger) {}
  log(message: unknown): void { this.logger.debug(String(message)); }
  debug(message: unknown): void { this.logger.debug(String(message)); }
  verbose(message: unknown): void { this.logger.debug(String(message)); }
  warn(message: unknown): void { this.logger.warn(String(message)); }
  error(message: unknown): void { this.logger.error(String(message)); }
  fatal(message: unknown): void { this.logger.error(String(message)); }
}

/**
 * Starts a service: configuration from the environment, logs, metrics, health, then the module. SIGTERM and SIGINT run
 * Nest's shutdown hooks and must be done within `SHUTDOWN_SECONDS`; anything unhandled ends the process with status 1,
 * so that its work is replayed by the next one. A wrong configuration ends it with status 78 and one clear message.
 */
export async function bootstrap<C extends ServiceConfig>(module: Type, configClass: new () => C, http?: HttpOptions<C>): Promise<INestApplication> {
  const name = module.name.replace(/Module$/, '').replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase();
  const config = configOfProcess(configClass);
  const logger = Logger.create(name, config.logLevel);
  const crash = (error: unknown): never => { logger.error('The process ends: its work is taken up again after a restart.', trace(error)); process.exit(1); };
  process.on('unhandledRejection', crash).on('uncaughtException', crash);

  const metrics = new Metrics(name);
  const health = new Health(metrics);
  health.ready('start', false);
  const healthPort = await health.listen(config.host, config.healthPort).catch(crash);
  const root: DynamicModule = { module: class Root {}, imports: [PlatformModule.with(config, logger, metrics, health), module] };
  const app = await NestFactory.create<NestFastifyApplication>(root, http?.adapter?.(config) ?? new FastifyAdapter(), { logger: new NestLog(logger), abortOnError: false, bodyParser: http?.rawBodies !== true }).catch(crash);

  const stop = (signal: string): void => {
    logger.info('Stopping: what is in hand is finished first.', { signal });
    health.ready('start', false);
    setTimeout(() => crash(new Error(`not done ${config.shutdownSeconds} s after ${signal}`)), config.shutdownSeconds * 1000).unref();
    app.close().then(() => health.close()).then(() => process.exit(0), crash);
  };
  process.once('SIGTERM', stop).once('SIGINT', stop);

  const transport = optional<CustomTransportStrategy>(app, TRANSPORT);
  if (transport !== undefined) {
    app.connectMicroservice<MicroserviceOptions>({ strategy: transport }, { inheritAppConfig: true });
    await app.startAllMicroservices().catch(crash);
  }
  if (http === undefined) await app.init().catch(crash);
  else {
    await http.configure?.(app, config);
    await app.listen(http.port(config), config.host).catch(crash);
  }
  health.ready('start', true);
  logger.info('Started.', { healthPort, ...(http !== undefined && { port: http.port(config) }) });
  return app;
}

function optional<T>(app: INestApplication, token: symbol): T | undefined {
  // the application itself logs what it doesn't find as an error
  try { return app.get(ModuleRef).get<T>(token, { strict: false }); } catch { return undefined; }
}
