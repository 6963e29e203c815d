import { describe, expect, it } from '@jest/globals';
import { readOptions } from './options.js';

const key = `sk_test_${'0'.repeat(8)}`;

describe('what npm start is told', () => {
  it('is nothing: everything embedded, the demo on the simulator', () => {
    expect(readOptions([], {})).toEqual({ topicPrefix: 'cs.' });
    expect(readOptions([], { KAFKA_BROKERS: '', DATABASE_URL: '' })).toEqual({ topicPrefix: 'cs.' });
  });

  it('is a source of one\'s own', () => {
    expect(readOptions(['--connector', 'stripe', '--api-key', key, '--base-url', 'http://127.0.0.1:12111'], {})).toMatchObject({ source: { connector: 'stripe', apiKey: key, baseUrl: 'http://127.0.0.1:12111' } });
    expect(readOptions(['--connector', 'stripe'], { CS_API_KEY: key })).toMatchObject({ source: { connector: 'stripe', apiKey: key } });
  });

  it('is servers to use instead of the embedded ones, one by one', () => {
    expect(readOptions([], { KAFKA_BROKERS: 'a:1, b:2', CS_PORT_BASE: '9000' })).toEqual({ kafkaBrokers: ['a:1', 'b:2'], portBase: '9000', topicPrefix: 'cs.' });
    expect(readOptions([], { WAREHOUSE_URL: 'postgres://w' })).toEqual({ warehouseUrl: 'postgres://w', topicPrefix: 'cs.' });
  });

  it.each([
    [['--connector', 'stripe'], 'The source needs a key'],
    [['--api-key', key], 'Say which connector'],
    [['--connector', 'stripe', '--api-key', key, '--base-url', 'localhost:1'], '--base-url must be an address'],
    [['--colour'], "Unknown option '--colour'"],
    [['stripe'], 'stripe'],
  ])('is refused with one sentence: %j', (args, message) => {
    expect(() => readOptions(args, {})).toThrow(message);
  });

  it('never repeats the key in a complaint', () => {
    for (const args of [['--connector', 'stripe', '--api-key', key, '--base-url', 'x'], ['--api-key', key]]) {
      let message = '';
      try { readOptions(args, {}); } catch (error) { message = (error as Error).message; }
      expect(message).not.toBe('');
      expect(message).not.toContain(key);
    }
  });
});
