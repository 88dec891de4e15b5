import { RedfishError } from './errors.ts';
import type { Json } from './transport.ts';

export const serviceRoot = '/redfish/v1/';

/**
 * A link as the controller gave it, without its fragment. Links are followed verbatim (quirk 14: case and a trailing
 * slash matter to some), and only below the Redfish root of the same origin (attack A21).
 */
export function ownPath(path: string): string {
  return checked(path, /^\/redfish(\/[!-~]*)?$/, 'which is not below /redfish/');
}

/** Where an image may be uploaded: some have a place outside Redfish for it (quirk 55), and it is of the same origin. */
export function uploadPath(path: string): string {
  return checked(path, /^\/(?!\/)[!-~]*$/, 'which is not a path of its own');
}

function checked(path: string, form: RegExp, wrong: string): string {
  const [resource = ''] = path.split('#');
  if (form.test(resource) && !/\\|(^|\/)(\.|%2e){2}(\/|\?|$)/i.test(resource)) return resource;
  throw new RedfishError('foreign-link', `the controller links to ${JSON.stringify(path.slice(0, 200))}, ${wrong}`, {
    carriedOut: 'no',
  });
}

/** Text that says something; null for anything else. */
export function text(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null;
}

export function link(value: unknown): string | null {
  return text((value as Json | null | undefined)?.['@odata.id']);
}

/** An object inside a resource; empty where there is none. */
export function part(resource: Json, name: string): Json {
  const value = resource[name];
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}
