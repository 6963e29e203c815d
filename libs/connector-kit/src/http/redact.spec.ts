import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { redactor } from './redact.js';

describe('redaction', () => {
  const secret = `sk_test_${randomBytes(8).toString('hex')}/+"`;
  const redact = redactor([secret, 'short', '']);

  it('hides a secret in every form that it travels in', () => {
    for (const form of [secret, encodeURIComponent(secret), JSON.stringify({ key: secret }), Buffer.from(secret).toString('base64')]) {
      expect(redact.text(`a ${form} b ${form}`)).not.toContain(form.length > secret.length + 12 ? secret : form);
      expect(redact.text(`a ${form} b`)).toContain('[secret]');
    }
    expect(redact.bytes(Buffer.from(`x${secret}`)).toString()).toBe('x[secret]');
  });

  it('leaves everything else, and short words, as they are', () => {
    const body = Buffer.from([0xff, 0xfe, 0x20]);
    expect(redact.bytes(body)).toBe(body);
    expect(redact.text('a short text')).toBe('a short text');
  });
});
