import { describe, expect, it } from '@jest/globals';
import { parseJson } from '#normalization';
import { ConditionError, parseCondition } from './condition.js';

const properties = parseJson(Buffer.from(`{
  "amount": 1200, "rate": 0.25, "exact": 12345678901234567890, "currency": "eur", "paid": true, "note": null, "and": 1, "odd name": "x", "tags": ["new", 7], "empty": "",
  "object": { "customer": "cus_1", "plan": { "name": "gold" }, "__proto__": { "polluted": true } }, "text": "say \\"hi\\""
}`)).value as Record<string, unknown>;

describe('a condition', () => {
  it.each([
    'amount = 1200', 'amount != 1201', 'amount >= 1200 and amount <= 1200', 'amount > 1199.5 AND NOT amount > 1.2e3', 'rate < 0.3', 'exact > 12345678901234000000', 'currency = "eur"', 'currency in ["usd", "eur"]', 'currency >= "eur" and currency < "eus"',
    'paid = true', 'note = null', 'missing = null', 'missing.deeper = null', 'not missing exists', 'note exists or currency exists', 'empty exists', '`and` = 1', '`odd name` = "x"', 'object.customer = "cus_1"', 'object.plan.name starts with "go"',
    'object.plan.name ends with "ld"', 'object.plan.name contains "ol"', 'tags contains "new"', 'tags contains 7', 'text = "say \\"hi\\""', '(amount = 1 or amount = 1200) and not (paid = false)', 'not not paid = true', 'amount=1200or paid=false', '  paid = true  ',
  ])('%s holds', (text) => { expect(parseCondition(text)(properties)).toBe(true); });

  it.each([
    'amount = "1200"', 'currency = 5', 'missing > 0', 'missing < 0', 'note < 1', 'missing != null', 'currency > 1', 'tags contains "ne"', 'amount contains 1', 'amount in []'.replace('[]', '[1]'), 'object.customer.length = 5', 'tags.length exists', 'object.constructor exists', 'toString exists', '`__proto__` exists',
    'paid = true and paid = false', 'paid = false or paid = null', 'missing starts with ""', 'tags = "new"', 'amount = 1200 and not currency = "eur" or paid = false',
  ])('%s does not hold', (text) => { expect(parseCondition(text)(properties)).toBe(false); });

  it.each([
    ['', 'at character 1: expected the name of a property, found the end'],
    ['amount', 'at character 7: expected a comparison'],
    ['amount = ', 'at character 10: expected a value'],
    ['amount = eur', 'at character 10: expected a value: "text", 12.5, true, false or null, found eur'],
    ['amount = 1 currency = 2', 'at character 12: expected "and", "or" or the end, found currency'],
    ['amount == 1', 'at character 9: expected a value'],
    ['(amount = 1', 'at character 12: expected ")"'],
    ['amount in ["a" "b"]', 'at character 16: expected "," or "]"'],
    ['amount in []', 'at character 12: expected a value'],
    ['a starts "x"', 'at character 10: expected "with"'],
    ['a = "\\x"', 'at character 5: this is not a JSON string or number'],
    ['a = 01', 'at character 5: this is not a JSON string or number'],
    ['amount = 1; drop', 'at character 11: this can not be read'],
    ['process.exit()', 'at character 13: expected a comparison'],
    ['and = 1', 'at character 1: expected the name of a property'],
    [`${'('.repeat(50)}a = 1${')'.repeat(50)}`, 'more than 20 levels of brackets'],
    ['a = 1 or '.repeat(300), 'at most 2000 characters'],
  ])('%s is refused where it stops making sense', (text, message) => {
    expect(() => parseCondition(text)).toThrow(ConditionError);
    expect(() => parseCondition(text)).toThrow(message);
  });

  it('brackets that were closed don\'t count as levels', () => {
    expect(parseCondition(Array.from({ length: 100 }, () => '(paid = true)').join(' and '))(properties)).toBe(true);
  });
});
