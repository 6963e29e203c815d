import 'reflect-metadata';
import { validateSync } from 'class-validator';

export type SettingType = 'string' | 'integer' | 'boolean' | 'list' | 'secret';

export interface SettingOptions {
  /** Name of the environment variable. A `secret` may also come from the file that `<env>_FILE` names. */
  readonly env: string;
  readonly description: string;
  readonly type?: SettingType;
  /** As it would stand in the environment. Without one the setting is required, unless `optional`. */
  readonly default?: string;
  readonly optional?: boolean;
}

/** A setting of a configuration class, as the reference and the chart's test list it. */
export interface SettingInfo extends SettingOptions {
  readonly property: string;
  readonly type: SettingType;
}

const SETTINGS = Symbol('settings');
type ConfigClass<T extends object> = new () => T;

/** Marks a property of a configuration class as read from the environment. Add class-validator decorators for its bounds. */
export function Setting(options: SettingOptions): PropertyDecorator {
  return (target, property) => {
    const inherited = (Reflect.getMetadata(SETTINGS, target) ?? []) as SettingInfo[];
    const mine = { type: 'string' as const, ...options, property: String(property) };
    Reflect.defineMetadata(SETTINGS, [...inherited.filter((other) => other.property !== mine.property), mine], target);
  };
}

/** The settings of a configuration class, inherited ones first. */
export const settingsOf = <T extends object>(config: ConfigClass<T>): readonly SettingInfo[] =>
  (Reflect.getMetadata(SETTINGS, config.prototype) ?? []) as SettingInfo[];

/** Why the process can't start: names each variable and what it must be, never its value. */
export class ConfigurationError extends Error {
  constructor(app: string, problems: readonly string[]) {
    super(`${app} can't start with this configuration:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigurationError';
  }
}

function convert(type: SettingType, text: string): unknown {
  switch (type) {
    case 'integer': return /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
    case 'boolean': return text === 'true' || text === '1' ? true : text === 'false' || text === '0' || text === '' ? false : text;
    case 'list': return text.split(',').map((item) => item.trim()).filter((item) => item !== '');
    case 'string': case 'secret': return text;
  }
}

/**
 * An instance of the configuration class, filled from the environment and validated by class-validator.
 * @throws ConfigurationError with every problem at once.
 */
export function loadConfig<T extends object>(config: ConfigClass<T>, env: NodeJS.ProcessEnv, readFile: (path: string) => string): T {
  const instance = new config();
  const problems: string[] = [];
  const variables = new Map<string, string>();
  for (const { env: variable, property, type, default: fallback, optional } of settingsOf(config)) {
    variables.set(property, variable);
    let text = env[variable];
    const file = env[`${variable}_FILE`];
    if (text === undefined && type === 'secret' && file !== undefined) {
      try { text = readFile(file).trim(); } catch { problems.push(`${variable}_FILE names a file that can't be read`); continue; }
    }
    text ??= fallback;
    if (text === undefined) {
      if (optional !== true) problems.push(`${variable} is missing`);
      continue;
    }
    const value = convert(type, text);
    if (Number.isNaN(value)) problems.push(`${variable} must be a whole number`);
    else if (type === 'boolean' && typeof value !== 'boolean') problems.push(`${variable} must be true or false`);
    else (instance as Record<string, unknown>)[property] = value;
  }
  if (problems.length === 0) {
    for (const { property, constraints } of validateSync(instance, { validationError: { target: false, value: false } })) {
      const variable = variables.get(property) ?? property;
      for (const message of Object.values(constraints ?? {})) problems.push(`${variable}: ${message.replace(property, 'it')}`);
    }
  }
  if (problems.length > 0) throw new ConfigurationError(config.name, problems);
  return instance;
}
