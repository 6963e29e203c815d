import { describe, expect, it } from '@jest/globals';
import { parts, soql } from './soql.js';

const range = { object: 'Account', cursor: 'SystemModstamp' };

describe('queries', () => {
  it('name the window, and the order that a restart needs', () => {
    expect(soql(['Id', 'Name'], { ...range, from: 0, to: 1_000 })).toBe('SELECT Id,Name FROM Account WHERE SystemModstamp >= 1970-01-01T00:00:00.000Z AND SystemModstamp < 1970-01-01T00:00:01.000Z ORDER BY SystemModstamp, Id');
    expect(soql(['Id'], { ...range, to: 0 }, false)).toBe('SELECT Id FROM Account WHERE SystemModstamp < 1970-01-01T00:00:00.000Z');
    expect(soql(['Id'], { object: 'Note', cursor: '', from: 5, to: 6 })).toBe('SELECT Id FROM Note ORDER BY Id');
    expect(soql(['Id'], { object: 'Note', cursor: '', fromId: "0'02" })).toBe("SELECT Id FROM Note WHERE Id >= '0\\'02' ORDER BY Id");
  });

  it('stay in one part while they fit into an address', () => {
    expect(parts(['Id', 'Name', 'SystemModstamp', 'Phone'], range)).toEqual([['Id', 'SystemModstamp', 'Name', 'Phone']]);
    expect(parts(['Id'], { object: 'Note', cursor: '' })).toEqual([['Id']]);
  });

  it('are cut into parts that fit, each field once, each with the keys', () => {
    const fields = Array.from({ length: 800 }, (_unused, index) => `Some_custom_field_with_a_long_name_${index}__c`);
    const cut = parts(['Id', ...fields], range);
    expect(cut.length).toBeGreaterThan(2);
    expect(cut.every(([id, cursor]) => id === 'Id' && cursor === 'SystemModstamp')).toBe(true);
    expect(cut.flatMap((part) => part.slice(2))).toEqual(fields);
    for (const part of cut) expect(encodeURIComponent(soql(part, { ...range, from: 0, to: 1, through: 1, fromId: 'x'.repeat(18), throughId: 'x'.repeat(18) })).length).toBeLessThanOrEqual(12_000);
  });
});
