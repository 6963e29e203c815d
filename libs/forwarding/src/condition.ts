/**
 * The language of a destination's condition, e.g.
 *
 *     object.amount >= 1000 and (object.currency in ["eur", "usd"] or not livemode exists)
 *
 *     condition  = term { "or" term }         term = factor { "and" factor }
 *     factor     = "not" factor | "(" condition ")" | comparison
 *     comparison = path ( "=" | "!=" | "<" | "<=" | ">" | ">=" ) literal
 *                | path ( "contains" | "starts with" | "ends with" ) string
 *                | path "in" "[" literal { "," literal } "]"
 *                | path "exists"
 *     path       = name { "." name }          a name: letters, digits, _ and -, or any text in backquotes
 *     literal    = JSON string | JSON number | true | false | null
 *
 * A path is looked up in the event's properties. What isn't there equals null and nothing else, and is neither smaller nor greater than
 * anything; `contains` of a list asks for an item. Strings and numbers never equal each other. It is parsed into functions: nothing of it
 * is ever run as a program, and it can't loop.
 */
export type Condition = (properties: Readonly<Record<string, unknown>>) => boolean;

const MAX_LENGTH = 2_000;
const MAX_DEPTH = 20;
const TOKEN = /\s*(?:("(?:[^"\\]|\\.)*")|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|`([^`]+)`|([A-Za-z_][\w-]*)|(<=|>=|!=|[=<>()[\],.]))/y;

type Token = { readonly kind: 'string' | 'number' | 'name' | 'quoted' | 'sign' | 'end'; readonly text: string; readonly at: number };
type Literal = string | number | boolean | null;

/** Where a condition can't be read, and what was expected there. */
export class ConditionError extends Error {
  constructor(message: string, readonly at: number) { super(`at character ${at + 1}: ${message}`); this.name = 'ConditionError'; }
}

/** @throws ConditionError */
export function parseCondition(text: string): Condition {
  if (text.length > MAX_LENGTH) throw new ConditionError(`a condition has at most ${MAX_LENGTH} characters`, MAX_LENGTH);
  return new Parser(tokens(text)).whole();
}

function tokens(text: string): Token[] {
  const found: Token[] = [];
  let at = 0;
  while (text.slice(at).trim() !== '') {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (match === null) throw new ConditionError('this can not be read', at + (/\S/.exec(text.slice(at))?.index ?? 0));
    const [all, string, number, quoted, name, sign] = match;
    const [kind, value] = string !== undefined ? ['string', string] as const : number !== undefined ? ['number', number] as const : quoted !== undefined ? ['quoted', quoted] as const
      : name !== undefined ? ['name', name] as const : ['sign', sign ?? ''] as const;
    found.push({ kind, text: value, at: at + all.length - all.trimStart().length });
    at += all.length;
  }
  found.push({ kind: 'end', text: 'the end', at: text.length });
  return found;
}

class Parser {
  private at = 0;
  private depth = 0;

  constructor(private readonly list: readonly Token[]) {}

  whole(): Condition {
    const condition = this.condition();
    if (this.next.kind !== 'end') throw this.expected('"and", "or" or the end');
    return condition;
  }

  private get next(): Token { return this.list[this.at] as Token; }

  private expected(what: string): ConditionError { return new ConditionError(`expected ${what}, found ${this.next.text}`, this.next.at); }

  /** Steps over the next token when it is this word or sign. */
  private take(text: string): boolean {
    if ((this.next.kind !== 'name' && this.next.kind !== 'sign') || this.next.text.toLowerCase() !== text) return false;
    this.at += 1;
    return true;
  }

  private condition(): Condition {
    if ((this.depth += 1) > MAX_DEPTH) throw new ConditionError(`more than ${MAX_DEPTH} levels of brackets`, this.next.at);
    const terms = [this.term()];
    while (this.take('or')) terms.push(this.term());
    this.depth -= 1;
    return (properties) => terms.some((term) => term(properties));
  }

  private term(): Condition {
    const factors = [this.factor()];
    while (this.take('and')) factors.push(this.factor());
    return (properties) => factors.every((factor) => factor(properties));
  }

  private factor(): Condition {
    let not = false;
    while (this.take('not')) not = !not;
    const inner = this.take('(') ? this.bracket() : this.comparison();
    return not ? (properties) => !inner(properties) : inner;
  }

  private bracket(): Condition {
    const inner = this.condition();
    if (!this.take(')')) throw this.expected('")"');
    return inner;
  }

  private comparison(): Condition {
    const path = this.path();
    const value = (properties: Readonly<Record<string, unknown>>): unknown => valueAt(properties, path);
    if (this.take('exists')) return (properties) => value(properties) !== null;
    if (this.take('in')) { const list = this.literals(); return (properties) => { const found = value(properties); return list.includes(found as Literal); }; }
    if (this.take('contains')) { const part = this.literal(); return (properties) => { const found = value(properties); return Array.isArray(found) ? found.some((item) => plain(item) === part) : typeof found === 'string' && typeof part === 'string' && found.includes(part); }; }
    for (const [word, test] of [['starts', (text: string, part: string) => text.startsWith(part)], ['ends', (text: string, part: string) => text.endsWith(part)]] as const) {
      if (!this.take(word)) continue;
      if (!this.take('with')) throw this.expected('"with"');
      const part = this.literal();
      if (typeof part !== 'string') throw new ConditionError('expected a string in double quotes', this.next.at);
      return (properties) => { const found = value(properties); return typeof found === 'string' && test(found, part); };
    }
    for (const [sign, test] of Object.entries(ORDER)) {
      if (!this.take(sign)) continue;
      const other = this.literal();
      return (properties) => { const found = value(properties); return typeof found === typeof other && found !== null && other !== null && test(found as string, other as string); };
    }
    if (this.take('=')) { const other = this.literal(); return (properties) => value(properties) === other; }
    if (this.take('!=')) { const other = this.literal(); return (properties) => value(properties) !== other; }
    throw this.expected('a comparison (=, !=, <, <=, >, >=, in, contains, starts with, ends with, exists)');
  }

  private path(): string[] {
    const path = [this.name()];
    while (this.take('.')) path.push(this.name());
    return path;
  }

  private name(): string {
    const { kind, text } = this.next;
    if (kind !== 'quoted' && (kind !== 'name' || RESERVED.includes(text.toLowerCase()))) throw this.expected('the name of a property');
    this.at += 1;
    return text;
  }

  private literals(): Literal[] {
    if (!this.take('[')) throw this.expected('"["');
    const list = [this.literal()];
    while (this.take(',')) list.push(this.literal());
    if (!this.take(']')) throw this.expected('"," or "]"');
    return list;
  }

  private literal(): Literal {
    const { kind, text, at } = this.next;
    for (const [word, value] of [['true', true], ['false', false], ['null', null]] as const) if (this.take(word)) return value;
    if (kind !== 'string' && kind !== 'number') throw this.expected('a value: "text", 12.5, true, false or null');
    this.at += 1;
    try { return JSON.parse(text) as Literal; } catch { throw new ConditionError('this is not a JSON string or number', at); }
  }
}

const RESERVED = ['and', 'or', 'not', 'in', 'exists', 'contains'];
const ORDER: Readonly<Record<string, (a: string, b: string) => boolean>> = { '<=': (a, b) => a <= b, '>=': (a, b) => a >= b, '<': (a, b) => a < b, '>': (a, b) => a > b };

/** A number that was read exactly is compared as a double; everything else is what it is. */
const plain = (value: unknown): unknown => (typeof value === 'object' && value !== null && 'isLosslessNumber' in value ? Number(String(value)) : value);

/** What stands at a path of keys; null where nothing does. */
export function valueAt(properties: Readonly<Record<string, unknown>>, path: readonly string[]): unknown {
  let at: unknown = properties;
  for (const name of path) at = typeof at === 'object' && at !== null && !Array.isArray(at) && Object.hasOwn(at, name) ? (at as Record<string, unknown>)[name] : null;
  return plain(at ?? null);
}
