import { describe, expect, it } from '@jest/globals';
import { IsInt, Max } from 'class-validator';
import { ConfigurationError, Setting, loadConfig, settingsOf } from './setting.js';

class Base {
  @Setting({ env: 'NAME', description: 'A name.', default: 'x' })
  name!: string;
}
class Config extends Base {
  @Setting({ env: 'PORT', description: 'A port.', type: 'integer' })
  @IsInt() @Max(10)
  port!: number;

  @Setting({ env: 'KEY', description: 'A key.', type: 'secret' })
  key!: string;

  @Setting({ env: 'HOSTS', description: 'Hosts.', type: 'list', optional: true })
  hosts?: string[];
}
const noFile = (): string => { throw new Error('no file'); };

describe('loadConfig', () => {
  it('converts, inherits and takes defaults', () => {
    expect(loadConfig(Config, { PORT: '7', KEY: 'k', HOSTS: 'a, b,' }, noFile)).toEqual({ name: 'x', port: 7, key: 'k', hosts: ['a', 'b'] });
    expect(settingsOf(Config).map(({ env }) => env)).toEqual(['NAME', 'PORT', 'KEY', 'HOSTS']);
    expect(settingsOf(Base).map(({ env }) => env)).toEqual(['NAME']);
  });

  it('reads a secret from the file that <env>_FILE names', () => {
    expect(loadConfig(Config, { PORT: '7', KEY_FILE: '/run/key' }, (path) => `from ${path}\n`).key).toBe('from /run/key');
  });

  it('names every variable at once and never a value', () => {
    const load = () => loadConfig(Config, { PORT: 'secret-value' }, noFile);
    expect(load).toThrow(ConfigurationError);
    expect(load).toThrow(/PORT must be a whole number[\s\S]*KEY is missing/);
    expect(load).not.toThrow(/secret-value/);
    expect(() => loadConfig(Config, { PORT: '11', KEY: 'k' }, noFile)).toThrow(/PORT: it must not be greater than 10/);
  });
});
