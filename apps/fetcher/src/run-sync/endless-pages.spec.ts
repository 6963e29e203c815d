import { describe, expect, it } from '@jest/globals';
import { PartnerContractError } from '#contracts';
import { EndlessPages } from './endless-pages.js';

const page = (request: string, body: string) => ({ request, body: Buffer.from(body) });

describe('pages that lead in a circle', () => {
  it('are noticed at the third time, however long the circle', () => {
    const pages = new EndlessPages('customers');
    for (let round = 0; round < 2; round += 1) for (let number = 0; number < 50; number += 1) pages.check(page(`/v1/customers?after=${number}`, 'same'));
    expect(() => pages.check(page('/v1/customers?after=0', 'same'))).toThrow(PartnerContractError);
  });

  it('are not seen where requests or answers differ', () => {
    const pages = new EndlessPages('customers');
    for (let number = 0; number < 100; number += 1) {
      pages.check(page('/v1/customers', `answer ${number}`));
      pages.check(page(`/v1/customers?page=${number}`, ''));
    }
  });
});
