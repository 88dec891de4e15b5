import { randomInt } from 'node:crypto';

/** How long a password may be, as the controller names it; null where it names nothing. */
export interface PasswordLimits {
  readonly shortest: number | null;
  readonly max: number | null;
}

/**
 * IPMI 2.0 keeps 20 bytes of a password (13.20, Set User Password): a longer one would be another one there. Where a
 * controller tells no limits, 16 fits all that are known to be shorter but Cray's 12 (quirk 67).
 */
const usual = 20;
const unknown = 16;
/** Twelve of these letters are 68 bits; fewer than eight are no password to rely on. */
const fewest = 8;

/** Of each kind at least one, as most policies ask; without look-alikes, since somebody may have to type it. */
const kinds = ['ABCDEFGHJKLMNPQRSTUVWXYZ', 'abcdefghijkmnpqrstuvwxyz', '23456789', '-_.+'];
const letters = `${kinds[0]}${kinds[1]}`;
const all = kinds.join('');

/** The length to make a password of; null when the controller allows none that is fit. */
export function passwordLength({ shortest, max }: PasswordLimits): number | null {
  const wanted = shortest === null && max === null ? unknown : Math.max(usual, shortest ?? 0);
  const length = Math.min(wanted, max ?? wanted);
  return length < Math.max(fewest, shortest ?? 0) ? null : length;
}

/**
 * A random password of that length that policies in use accept: all kinds of characters, a letter at both ends, none
 * twice in a row, nothing of the user's name.
 */
export function makePassword(length: number, username: string): string {
  for (;;) {
    const inside = Array.from({ length: length - 2 }, () => pick(all)).join('');
    const password = `${pick(letters)}${inside}${pick(letters)}`;
    if (accepted(password, username)) return password;
  }
}

function pick(from: string): string {
  return from[randomInt(from.length)] ?? '';
}

function accepted(password: string, username: string): boolean {
  const one = (kind: string) => [...kind].some((character) => password.includes(character));
  const named = username !== '' && password.toLowerCase().includes(username.toLowerCase());
  return kinds.every(one) && !/(.)\1/i.test(password) && !named;
}
