import { describe, expect, it } from '@jest/globals';
import { PartnerUnavailableError, PermissionDeniedError } from '#contracts';
import { checkAccess } from './check-access.js';

describe('access by collection', () => {
  it('reports a missing permission and goes on', async () => {
    const access = await checkAccess(['a', 'b', 'c'], async (name) => { if (name === 'b') throw new PermissionDeniedError('not b', { details: 'scope b' }); });
    expect(access).toEqual([
      { collection: 'a', readable: true }, { collection: 'b', readable: false, error: expect.objectContaining({ code: 'permission_denied', details: 'scope b' }) }, { collection: 'c', readable: true },
    ]);
  });

  it('hides nothing else', async () => {
    await expect(checkAccess(['a'], async () => { throw new PartnerUnavailableError('down'); })).rejects.toThrow('down');
  });
});
