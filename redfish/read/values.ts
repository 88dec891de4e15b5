import { cleanText } from '../../domain/identity/identity.ts';
import type { Json } from '../transport.ts';

/** What a resource shows, or null: controllers leave out, blank out and mistype any property they like. */
export function readText(value: unknown): string | null {
  return typeof value === 'string' ? cleanText(value) : null;
}

/** Words by which firmware says that there is nothing: `None`, `N/A`, `-`, `Not Inserted`, `No Image`. */
const denial = /^(\W*|none|null|nil|n\W?a|undefined|empty|idle|(no|not|non)\b[\w ]*)$/i;

/** The same in other spellings, `Not_Inserted`, `NoMedia`, and what is said of a drive without a no. */
const denialInWords = /^(no|not|nothing|empty|unmounted|ejected|detached|disconnected)( \w+)*$/i;

/** Text that names something; null where it denies that there is anything. */
export function named(value: unknown): string | null {
  const text = readText(value);
  return text === null || denial.test(text) || denialInWords.test(inWords(text)) ? null : text;
}

/** Text as words with a blank between; signs at its ends are none. What has a dot, a colon or a slash in it stays. */
export function inWords(text: string): string {
  return text
    .replace(/^[^\w]+|[^\w]+$/g, '')
    .replace(/([a-z])([A-Z])|([A-Z])(?=[A-Z][a-z])/g, (_, low = '', high = '', capital = '') =>
      capital === '' ? `${low} ${high}` : `${capital} `,
    )
    .replace(/[\s_-]+/g, ' ');
}

export function number(value: unknown): number | null {
  if (typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value.trim())) return Number(value);
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** A count of which zero means that nothing is known: capacities and link speeds of absent or idle parts. */
export function amount(value: unknown): number | null {
  const count = number(value);
  return count === null || count <= 0 ? null : count;
}

export function object(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

export function list(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'object' && one !== null) : [];
}

/** The value down a way of property names; undefined where the way ends early. */
export function valueAt(value: unknown, ...way: string[]): unknown {
  return way.reduce<unknown>((inner, name) => object(inner)[name], value);
}

/** The path that a link names, without fragment: members of arrays are linked as `…/Thermal#/Fans/0`. */
export function linkedPath(value: unknown): string | null {
  return readText(object(value)['@odata.id'])?.split('#')[0] ?? null;
}

/** Only a link, nothing of the resource itself. */
export function isReference(value: Json): boolean {
  return typeof value['@odata.id'] === 'string' && Object.keys(value).every((name) => name.startsWith('@odata.'));
}

/** Quirk 14: one resource is linked in several spellings; two paths are compared in this one. */
export function pathKey(path: string): string {
  return path.toLowerCase().replace(/\/+$/, '');
}

export function state(resource: Json): string | null {
  return readText(valueAt(resource, 'Status', 'State'));
}

export function healthOf(resource: Json): string | null {
  return readText(valueAt(resource, 'Status', 'Health'));
}

export function present(resource: Json): boolean {
  return state(resource) !== 'Absent';
}

/** Where a part sits, as printed beside it. */
export function serviceLabel(location: unknown): string | null {
  return readText(valueAt(location, 'PartLocation', 'ServiceLabel'));
}
