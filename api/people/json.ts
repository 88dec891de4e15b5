/** Nesting that no request of ours reaches; deeper text is refused before it is parsed. */
const deepest = 32;

/** Why a text must not be parsed as JSON; null when it may. Looks at brackets outside of strings only. */
export function findDepth(text: string): string | null {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at);
    if (quoted) {
      if (character === 0x5c) at += 1;
      else if (character === 0x22) quoted = false;
    } else if (character === 0x22) quoted = true;
    else if (character === 0x5b || character === 0x7b) {
      depth += 1;
      if (depth > deepest) return `the body is nested deeper than ${deepest} levels`;
    } else if (character === 0x5d || character === 0x7d) depth -= 1;
  }
  return null;
}

// The names by which a parsed object could reach a prototype, and keys given twice: what we check would not be what
// another reader of the same text sees.
const poison = new Set(['__proto__', 'constructor', 'prototype']);

export type Parsed = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly reason: string };

/** Whether PostgreSQL can keep it. */
const isText = (text: string) => !text.includes('\u0000') && text.isWellFormed();

/** Parses bounded JSON; refuses poisoned keys, numbers that are not finite, and what is no text. */
export function parseJson(text: string): Parsed {
  const problem = findDepth(text);
  if (problem !== null) return { ok: false, reason: problem };
  let bad: string | null = null;
  try {
    const value: unknown = JSON.parse(text, (key, inner: unknown) => {
      if (poison.has(key)) bad = `the key ${key} is not allowed`;
      if (typeof inner === 'number' && !Number.isFinite(inner)) bad = 'a number is out of range';
      if (!isText(key) || (typeof inner === 'string' && !isText(inner)))
        bad = 'a text holds what is no character: a NUL, or half of a pair';
      return inner;
    });
    return bad === null ? { ok: true, value } : { ok: false, reason: bad };
  } catch {
    return { ok: false, reason: 'the body is not JSON' };
  }
}
