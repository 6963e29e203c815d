import { describe, expect, it } from '@jest/globals';
import { csvRecords } from './csv.js';

describe('csvRecords', () => {
  it('reads quoted and plain cells, with commas, quotes and line ends in them', () => {
    expect(csvRecords('"Id","Name","Phone"\n"1","a ""b"", c\nd",""\n2,plain,\n', '/r')).toEqual([{ Id: '1', Name: 'a "b", c\nd', Phone: '' }, { Id: '2', Name: 'plain', Phone: '' }]);
    expect(csvRecords('"Id","Name"\r\n"1","x"', '/r')).toEqual([{ Id: '1', Name: 'x' }]);
    expect(csvRecords('Id,Name\n1,', '/r')).toEqual([{ Id: '1', Name: '' }]);
    expect(csvRecords('"Id"\n', '/r')).toEqual([]);
  });

  it.each([['', 'no header'], ['<html>\n', 'no header'], ['"Id","Name"\n"1"\n', '1 cells in place of 2'], ['"Id"\n"1"x\n', 'not CSV'], ['"Id"\n"1\n', 'not CSV']])('refuses %j', (text, why) => {
    expect(() => csvRecords(text, '/r')).toThrow(why);
  });
});
