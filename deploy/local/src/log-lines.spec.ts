import { describe, expect, it } from '@jest/globals';
import { formatLine } from './log-lines.js';

const plain = { colour: false };

describe('a line of a service', () => {
  it('is told as time, service, message and fields', () => {
    const line = JSON.stringify({ level: 'info', time: '2026-01-02T03:04:05.678Z', app: 'fetcher', runId: 'r1', pages: 3, note: 'two words', msg: 'Run finished.' });
    expect(formatLine('fetcher', line, plain)).toMatch(/^\d\d:\d\d:05 fetcher {9} {1}Run finished\. runId=r1 pages=3 note="two words"$/);
  });

  it('names the level of what is not daily life', () => {
    expect(formatLine('gateway', '{"level":"error","time":0,"msg":"No."}', plain)).toMatch(/ gateway {10}ERROR No\.$/);
  });

  it('has colours on a terminal only', () => {
    const line = '{"level":"warn","time":0,"msg":"Slow.","ms":5}';
    expect(formatLine('gateway', line, plain)).not.toContain('\u001b');
    expect(formatLine('gateway', line, { colour: true })).toContain('\u001b[33mWARN\u001b[0m Slow.');
  });

  it.each(['a plain line', '{not json', '[1]', '{"time":1}'])('that is no log line is shown as it is: %s', (line) => {
    expect(formatLine('x', line, plain).endsWith(` ${line}`)).toBe(true);
  });

  it("never passes a partner's control characters to the terminal", () => {
    const nasty = 'red \u001b[31m, clear \u001bc, c1 \u009b2J';
    for (const line of [nasty, JSON.stringify({ level: nasty, msg: nasty, [nasty]: nasty, list: [nasty] })]) {
      expect(formatLine('x', line, plain)).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
    }
  });

  it('cuts long values', () => {
    expect(formatLine('x', JSON.stringify({ level: 'info', msg: 'm', body: 'y'.repeat(5000) }), plain).length).toBeLessThan(400);
  });
});
