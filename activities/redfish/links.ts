import { RedfishError } from './errors.ts';
import type { Json } from './transport.ts';

export const serviceRoot = '/redfish/v1/';

/**
 * A link as the controller gave it, without its fragment. Links are followed verbatim (quirk 14: case and a trailing
 * slash matter to some), and only below the Redfish root of the same origin (attack A21).
 */
export function ownPath(path: string): string {
  const [resource = ''] = path.split('#');
  const fits = /^\/redfish(\/[!-~]*)?$/.test(resource) && !/\\|(^|\/)(\.|%2e){2}(\/|\?|$)/i.test(resource);
  if (!fits) {
    const shown = JSON.stringify(path.slice(0, 200));
    throw new RedfishError('foreign-link', `the controller links to ${shown}, which is not below /redfish/`, {
      carriedOut: 'no',
    });
  }
  return resource;
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
