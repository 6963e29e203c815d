import { describe, expect, it } from '@jest/globals';
import { keepAlive } from './keep-alive.js';

describe('keep-alive', () => {
  it('renews all that are due, goes on after a failure, and stops when none are left', async () => {
    const left = Array.from({ length: 12 }, (_, n) => ({ sourceId: `s${n}`, workspaceId: 'w', connector: 'acme', version: n }));
    const renewed: string[] = [];
    const failed: string[] = [];
    await keepAlive(
      { dueForKeepAlive: (connectors, limit) => { expect(connectors).toEqual(['acme']); return Promise.resolve(left.splice(0, limit)); } },
      { renew: ({ sourceId }, version) => { renewed.push(`${sourceId} ${version}`); return Promise.resolve(sourceId === 's3' ? { error: { code: 'partner_unavailable', title: 'away', remedy: '' } } : { credentials: {}, version: version + 1 }); } },
      ['acme'], (sourceId, error) => failed.push(`${sourceId} ${error}`),
    );
    expect(renewed).toHaveLength(12);
    expect(renewed.slice(-1)).toEqual(['s11 11']);
    expect(failed).toEqual(['s3 away']);
  });
});
