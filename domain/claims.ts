/** What a provider's claims about somebody make of them. */
import type { Grant } from './grants.ts';

/** Whoever has a claim of this value has this role. */
export interface ClaimRule extends Grant {
  /** Its name; of a claim within a claim, with dots: `realm_access.roles`. */
  readonly claim: string;
  /** What it is, or is among what it lists. */
  readonly value: string;
}

export type ToldClaims = Readonly<Record<string, unknown>>;

/** Only what it says itself: not what every object has. */
function ownOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as ToldClaims)[name]
    : undefined;
}

/** A claim by its name, which may have dots itself: `https://example.org/groups`. */
export function readClaim(claims: ToldClaims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  return name.split('.').reduce<unknown>(ownOf, claims);
}

export function grantsOf(rules: readonly ClaimRule[], claims: ToldClaims): Grant[] {
  return rules
    .filter(({ claim, value }) => {
      const said = readClaim(claims, claim);
      return Array.isArray(said) ? said.includes(value) : said === value;
    })
    .map(({ role, pools, teams }) => ({ role, pools, teams }));
}

/** The name of an account that a claim comes to; null where it is none. Small letters: `Ann` and `ann` are one to people. */
export function accountName(said: unknown): string | null {
  const name = typeof said === 'string' ? said.toLowerCase() : '';
  const isName = /^[a-z0-9][a-z0-9._@+-]{0,62}$/.test(name);
  return isName && !reservedNames.includes(name) ? name : null;
}

/** What Farrier calls others than people with accounts. */
export const reservedNames: readonly string[] = ['local', 'nobody', 'farrier'];
