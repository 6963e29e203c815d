import type { ServiceConfig } from './config.js';
import { Logger } from './logger.js';
import { configOfProcess, trace } from './process.js';

/**
 * Runs something that comes to an end, with the configuration and the log of a service. The process ends with status 0
 * when it is done, 1 when it failed, 78 when its configuration is wrong.
 */
export async function runJob<C extends ServiceConfig>(name: string, configClass: new () => C, work: (config: C, logger: Logger) => Promise<void>): Promise<void> {
  const config = configOfProcess(configClass);
  const logger = Logger.create(name, config.logLevel);
  try {
    await work(config, logger);
    process.exitCode = 0;
  } catch (error) {
    logger.error('The job failed. It can be run again: what is done already is left as it is.', trace(error));
    process.exitCode = 1;
  }
}
