import { readFileSync } from 'node:fs';
import { ConfigurationError, loadConfig } from './setting.js';

/** Exit status of a process whose configuration is wrong: starting it again won't help (`EX_CONFIG` of sysexits). */
const WRONG_CONFIGURATION = 78;

/** This process's configuration. A wrong one ends the process with one clear message. */
export function configOfProcess<C extends object>(configClass: new () => C): C {
  try {
    return loadConfig(configClass, process.env, (path) => readFileSync(path, 'utf8'));
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(WRONG_CONFIGURATION);
  }
}

/** What a log line says of an error: the type, the words and the first frames. */
export function trace(error: unknown): object {
  if (!(error instanceof Error)) return { error: typeof error };
  return { error: error.name, message: error.message, stack: error.stack?.split('\n').slice(1, 8).map((line) => line.trim()) };
}
