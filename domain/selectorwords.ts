/** What the words of a selector mean, and which never mean anything. */
import { columnWords } from './attributes.ts';
import { normaliseMac } from './machine.ts';
import type { Selector, Term } from './selector.ts';
import { suggest } from './suggest.ts';

const isMac = ({ key, tag }: Term) => key === 'mac' && !tag;

/** MACs are kept in one notation, and typed in any. */
export function valuesOf(term: Term): readonly string[] {
  return isMac(term) ? term.values.map((value) => normaliseMac(value) ?? value) : term.values;
}

function doubtMacs({ terms }: Selector): string | null {
  const wrong = terms.filter(isMac).flatMap(({ values }) => values.filter((value) => normaliseMac(value) === null))[0];
  return wrong === undefined ? null : `mac is never ${JSON.stringify(wrong)}: that is not the MAC of a machine`;
}

/** A word that a column can never be would select nothing, and exclude nothing. */
export function doubtWords(selector: Selector): string | null {
  for (const { key, tag, values } of selector.terms) {
    const words = tag || !Object.hasOwn(columnWords, key) ? undefined : columnWords[key];
    const wrong = words && values.find((value) => !words.includes(value));
    if (words && wrong !== undefined)
      return `${key} is never ${JSON.stringify(wrong)}${suggest(wrong, words)}: it is one of ${words.join(', ')}`;
  }
  return doubtMacs(selector);
}
