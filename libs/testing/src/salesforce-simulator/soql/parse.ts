import { malformed } from '../salesforce-error.js';

/** A word of the query with its place in it. */
export interface Named { readonly name: string; readonly at: number }
export type Literal = string | number | boolean | null | { readonly date: number };
export type Condition =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Condition[] }
  | { readonly kind: 'not'; readonly part: Condition }
  | { readonly kind: 'compare'; readonly field: Named; readonly operator: string; readonly values: readonly Literal[] };

export interface Query {
  readonly soql: string;
  /** `COUNT()` counts, and gives no records. */
  readonly count: boolean;
  readonly fields: readonly Named[];
  readonly from: Named;
  readonly where: Condition | undefined;
  readonly orderBy: readonly { readonly field: Named; readonly descending: boolean }[];
  readonly limit: number | undefined;
  readonly offset: number;
}

const TOKEN = /\s+|('(?:[^'\\]|\\.)*')|(\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)|\d{4}-\d\d-\d\d)|([+-]?\d+(?:\.\d+)?)|([A-Za-z_][\w.]*)|(<=|>=|!=|<>|=|<|>|,|\(|\))|(.)/gy;
interface Token { readonly text: string; readonly at: number; readonly kind: 'string' | 'date' | 'number' | 'word' | 'sign' | 'end' }

function tokens(soql: string): Token[] {
  const result: Token[] = [];
  for (const match of soql.matchAll(TOKEN)) {
    const [text, string, date, number, word, sign, other] = match;
    if (other !== undefined) throw malformed(`line 1:${match.index} no viable alternative at character '${other}'`);
    const kind = string !== undefined ? 'string' : date !== undefined ? 'date' : number !== undefined ? 'number' : word !== undefined ? 'word' : sign !== undefined ? 'sign' : undefined;
    if (kind !== undefined) result.push({ text, at: match.index, kind });
  }
  return [...result, { text: '<EOF>', at: soql.length, kind: 'end' }];
}

/** The part of SOQL that integrations use. @throws SalesforceApiError MALFORMED_QUERY */
export function parseSoql(soql: string): Query {
  return new Parser(soql).query();
}

class Parser {
  private readonly tokens: Token[];
  private at = 0;

  constructor(private readonly soql: string) {
    this.tokens = tokens(soql);
  }

  query(): Query {
    const { soql } = this;
    this.expect('SELECT');
    const count = this.is('COUNT');
    const fields: Named[] = [];
    if (count) {
      this.expect('COUNT');
      this.expect('(');
      this.expect(')');
    } else {
      do fields.push(this.named()); while (this.take(','));
    }
    this.expect('FROM');
    const from = this.named();
    const where = this.take('WHERE') ? this.or() : undefined;
    const orderBy: { field: Named; descending: boolean }[] = [];
    if (this.take('ORDER')) {
      this.expect('BY');
      do {
        const field = this.named();
        const descending = this.take('DESC');
        if (!descending) this.take('ASC');
        if (this.take('NULLS') && !this.take('FIRST')) this.expect('LAST');
        orderBy.push({ field, descending });
      } while (this.take(','));
    }
    const limit = this.take('LIMIT') ? this.integer() : undefined;
    const offset = this.take('OFFSET') ? this.integer() : 0;
    if (this.peek().kind !== 'end') this.unexpected();
    return { soql, count, fields, from, where, orderBy, limit, offset };
  }

  private or(): Condition {
    const parts = [this.and()];
    while (this.take('OR')) parts.push(this.and());
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: 'or', parts };
  }

  private and(): Condition {
    const parts = [this.condition()];
    while (this.take('AND')) parts.push(this.condition());
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: 'and', parts };
  }

  private condition(): Condition {
    if (this.take('NOT')) return { kind: 'not', part: this.condition() };
    if (this.take('(')) {
      const inner = this.or();
      this.expect(')');
      return inner;
    }
    const field = this.named();
    const not = this.take('NOT');
    const operator = not ? 'NOT IN' : this.next().text.toUpperCase();
    if (not) this.expect('IN');
    if (operator === 'IN' || operator === 'NOT IN') {
      this.expect('(');
      const values: Literal[] = [];
      do values.push(this.literal()); while (this.take(','));
      this.expect(')');
      return { kind: 'compare', field, operator, values };
    }
    if (!['=', '!=', '<>', '<', '<=', '>', '>=', 'LIKE'].includes(operator)) { this.at--; this.unexpected(); }
    return { kind: 'compare', field, operator, values: [this.literal()] };
  }

  private literal(): Literal {
    const { kind, text } = this.next();
    if (kind === 'string') return text.slice(1, -1).replace(/\\(.)/g, '$1');
    if (kind === 'number') return Number(text);
    if (kind === 'date') return { date: Date.parse(text.replace(/([+-]\d\d)(\d\d)$/, '$1:$2')) };
    const word = text.toLowerCase();
    if (kind === 'word' && (word === 'true' || word === 'false')) return word === 'true';
    if (kind === 'word' && word === 'null') return null;
    this.at--;
    return this.unexpected();
  }

  private integer(): number {
    const { kind, text } = this.next();
    if (kind !== 'number' || !/^\d+$/.test(text)) { this.at--; this.unexpected(); }
    return Number(text);
  }

  private named(): Named {
    const { kind, text, at } = this.next();
    if (kind !== 'word') { this.at--; this.unexpected(); }
    return { name: text, at };
  }

  private peek(): Token { return this.tokens[this.at] ?? { text: '<EOF>', at: this.soql.length, kind: 'end' }; }
  private next(): Token { const token = this.peek(); this.at++; return token; }
  private is(word: string): boolean { return this.peek().text.toUpperCase() === word; }
  private take(word: string): boolean { const found = this.is(word); if (found) this.at++; return found; }
  private expect(word: string): void { if (!this.take(word)) this.unexpected(); }
  private unexpected(): never { const { text, kind } = this.peek(); throw malformed(kind === 'end' ? 'unexpected token: <EOF>' : `unexpected token: '${text}'`); }
}
