import { describe, expect, it } from '@jest/globals';
import { sessionCookie, sessionToken } from './cookie.js';

describe('session cookie', () => {
  it('is found among others, by its whole name', () => {
    expect(sessionToken('a=1; cs_session=abc=; xcs_session=no')).toBe('abc=');
    for (const header of [undefined, '', 'cs_session=', 'xcs_session=1', 'cs_session', 'cs_sessionx=1']) expect([header, sessionToken(header)]).toEqual([header, undefined]);
  });

  it('is out of reach of scripts and other sites, and over HTTPS only unless told otherwise', () => {
    expect(sessionCookie('t', 60, true)).toBe('cs_session=t; Path=/; HttpOnly; SameSite=Lax; Max-Age=60; Secure');
    expect(sessionCookie('t', 60, false)).not.toContain('Secure');
    expect(sessionCookie(undefined, 60, true)).toContain('cs_session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0');
  });
});
