/**
 * Selectors of machines, in the style of Kubernetes' labels: `az=A,rack in (r3,r4),!legacy`. Terms are joined by `,` or
 * `&`, and all must hold. Pure: `mdb/machines/selecting.ts` asks the MDB.
 */

export interface Term {
  /** Name of a column or tag; `tag:` before it asks for the tag where a column has the same name. */
  readonly key: string;
  readonly tag: boolean;
  /** `notin` holds for a machine without the key too, as in Kubernetes. */
  readonly operator: 'in' | 'notin' | 'exists' | 'absent';
  readonly values: readonly string[];
}

/** No terms: every machine, which only the word `all` says. */
export interface Selector {
  readonly terms: readonly Term[];
}

/** What every machine has: that it is there says nothing about which are meant. */
const everyoneHas = new Set([
  ...['id', 'machine', 'mac', 'site', 'stage', 'state', 'opstate', 'boot', 'repair', 'pool'],
]);

/**
 * Whether a selector says of no machine that it is meant: `all`, and whatever only excludes. A slip of the hand in what
 * is excluded excludes nothing, so both want the same confirmation.
 */
export function selectsAll({ terms }: Selector): boolean {
  return !terms.some(
    ({ key, tag, operator }) => operator === 'in' || (operator === 'exists' && (tag || !everyoneHas.has(key))),
  );
}

const max = 1000;
const maxTerms = 32;
const maxValues = 200;

const tokens =
  /\s*(?:(?<mark>==|!=|&&|[=!,&()])|"(?<quoted>[^"\\\p{Cc}]*)"|(?<word>[A-Za-z0-9][A-Za-z0-9._:/+-]*))\s*/uy;

interface Token {
  readonly kind: 'mark' | 'word' | 'quoted';
  readonly text: string;
  /** Place of its first character, from 1. */
  readonly at: number;
}

/** The selector, or one sentence that says where it goes wrong. */
export function parseSelector(text: string): Selector | string {
  if (text.length > max) return `a selector has at most ${max} characters`;
  if (text.trim() === '') return 'the selector is empty; "all" selects every machine';
  const read = scan(text);
  if (typeof read === 'string') return read;
  if (read.length === 1 && read[0]?.kind === 'word' && read[0].text === 'all') return { terms: [] };
  const terms = new Reader(read, text.length).terms();
  return typeof terms === 'string' ? terms : { terms };
}

function scan(text: string): Token[] | string {
  const found: Token[] = [];
  const pattern = new RegExp(tokens);
  while (pattern.lastIndex < text.length) {
    const from = pattern.lastIndex;
    const { mark, quoted, word } = pattern.exec(text)?.groups ?? {};
    const at = from + (/^\s*/.exec(text.slice(from))?.[0].length ?? 0) + 1;
    if (mark !== undefined) found.push({ kind: 'mark', text: mark, at });
    else if (quoted !== undefined) found.push({ kind: 'quoted', text: quoted, at });
    else if (word !== undefined) found.push({ kind: 'word', text: word, at });
    else return `character ${at}: ${JSON.stringify(text[at - 1] ?? '')} is not part of a selector`;
  }
  return found;
}

class Reader {
  private readonly tokens: readonly Token[];
  private readonly length: number;
  private next = 0;

  constructor(read: readonly Token[], length: number) {
    this.tokens = read;
    this.length = length;
  }

  terms(): Term[] | string {
    const terms: Term[] = [];
    for (;;) {
      const term = this.term();
      if (typeof term === 'string') return term;
      terms.push(term);
      if (terms.length > maxTerms) return `a selector has at most ${maxTerms} terms`;
      if (this.next === this.tokens.length) return terms;
      if (!this.skip(',', '&', '&&')) return this.wrong('"," or "&" between terms');
    }
  }

  private term(): Term | string {
    const absent = this.skip('!');
    const named = this.name();
    if (typeof named === 'string') return named;
    if (absent) return { ...named, operator: 'absent', values: [] };
    if (this.skip('=', '==')) return this.one(named, 'in');
    if (this.skip('!=')) return this.one(named, 'notin');
    if (this.skip('in')) return this.many(named, 'in');
    if (this.skip('notin')) return this.many(named, 'notin');
    return { ...named, operator: 'exists', values: [] };
  }

  private name(): Pick<Term, 'key' | 'tag'> | string {
    const token = this.tokens[this.next];
    const parts = token?.kind === 'word' ? /^(tag:)?([A-Za-z][A-Za-z0-9._/-]{0,62})$/.exec(token.text) : null;
    if (!parts) return this.wrong('the name of a column or tag');
    this.next += 1;
    return { key: parts[2] ?? '', tag: parts[1] !== undefined };
  }

  private one(named: Pick<Term, 'key' | 'tag'>, operator: 'in' | 'notin'): Term | string {
    const value = this.value();
    return value === null ? this.wrong(`a value for ${named.key}`) : { ...named, operator, values: [value] };
  }

  private many(named: Pick<Term, 'key' | 'tag'>, operator: 'in' | 'notin'): Term | string {
    if (!this.skip('(')) return this.wrong('"(" before the values');
    const values: string[] = [];
    do {
      const value = this.value();
      if (value === null) return this.wrong(`a value for ${named.key}`);
      values.push(value);
      if (values.length > maxValues) return `a term has at most ${maxValues} values`;
    } while (this.skip(','));
    return this.skip(')') ? { ...named, operator, values } : this.wrong('"," or ")" after a value');
  }

  private value(): string | null {
    const token = this.tokens[this.next];
    if (token === undefined || token.kind === 'mark') return null;
    this.next += 1;
    return token.text;
  }

  private skip(...marks: readonly string[]): boolean {
    const token = this.tokens[this.next];
    if (token === undefined || token.kind === 'quoted' || !marks.includes(token.text)) return false;
    this.next += 1;
    return true;
  }

  private wrong(expected: string): string {
    const token = this.tokens[this.next];
    if (token === undefined) return `character ${this.length + 1}: ${expected} is missing at the end`;
    return `character ${token.at}: ${expected} should stand here, not ${JSON.stringify(token.text)}`;
  }
}
