import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { MEMORY_ENVIRONMENT } from '../../deploy/local/src/services.js';

describe('deploy/docker/Dockerfile', () => {
  it('bounds memory as the local stack does, by which the figures were measured', () => {
    const file = readFileSync('deploy/docker/Dockerfile', 'utf8');
    expect(Object.entries(MEMORY_ENVIRONMENT).filter(([name, value]) => !new RegExp(`^(ENV|\\s+)\\s*${name}=${value}(\\s|$)`, 'm').test(file))).toEqual([]);
  });
});
