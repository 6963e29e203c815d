import { describe, expect, it } from '@jest/globals';
import { PartnerClock } from './partner-clock.js';

const NOW = 1_800_000_000_000;
/** What a partner whose clock is `skew` ahead puts into `Date` at our moment `at`. */
const header = (at: number, skew: number): string => new Date(Math.floor((at + skew) / 1_000) * 1_000).toUTCString();

describe('the partner\'s clock', () => {
  it.each([-1_500, -300, 0, 300, 1_500])('is ours while they differ by no more than 2 s (%i ms)', (skew) => {
    const clock = new PartnerClock(() => NOW);
    for (let at = NOW; at < NOW + 5_000; at += 70) clock.observe(header(at, skew), at - 20, at + 20);
    expect(clock.at(NOW)).toBe(NOW);
  });

  it.each([-3_600_000, -5_000, 5_000, 86_400_000])('is theirs otherwise, never later than it was, and exact after some answers (%i ms)', (skew) => {
    const clock = new PartnerClock(() => NOW);
    clock.observe(header(NOW, skew), NOW - 30, NOW + 30);
    expect(clock.now() - NOW - skew).toBeLessThanOrEqual(0);
    expect(clock.now() - NOW - skew).toBeGreaterThan(-1_050);
    for (let at = NOW; at < NOW + 5_000; at += 70) clock.observe(header(at, skew), at - 30, at + 30);
    expect(clock.now() - NOW - skew).toBeLessThanOrEqual(0);
    expect(clock.now() - NOW - skew).toBeGreaterThan(-130);
    expect(Number.isInteger(clock.now())).toBe(true);
  });

  it('starts again when a clock was moved', () => {
    const clock = new PartnerClock(() => NOW);
    clock.observe(header(NOW, 3_600_000), NOW - 10, NOW + 10);
    clock.observe(header(NOW, 0), NOW - 10, NOW + 10);
    expect(clock.now()).toBe(NOW);
  });

  it.each([undefined, '', 'yesterday', ['Fri, 15 Jan 2027 08:00:00 GMT']])('is ours without a date that can be read: %s', (value) => {
    const clock = new PartnerClock(() => NOW);
    clock.observe(value as string | undefined, NOW, NOW);
    expect(clock.now()).toBe(NOW);
  });
});
