/** Which passwords are taken. */

const shortest = 12;
const longest = 200;
/** Fewer characters than these are repeated until they are long enough. */
const fewest = 5;

/** Why a password is none that can be taken; null where it can. Length counts; no letter or digit is demanded. */
export function doubtPassword(password: string, name: string): string | null {
  if (password.length < shortest) return `is shorter than ${shortest} characters`;
  if (password.length > longest) return `is longer than ${longest} characters`;
  if (new Set(password).size < fewest) return 'is the same few characters again and again';
  if (password.toLowerCase().includes(name.toLowerCase()) && name.length > 3) return 'holds the name of the account';
  return null;
}
