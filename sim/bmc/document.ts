import type { Hardware } from '../hardware.ts';
import type { SimMachine } from '../machine.ts';
import type { Controller } from './controller.ts';
import type { Personality } from './personality.ts';

export type Document = Record<string, unknown>;

/** What a document is made from. */
export interface View {
  readonly controller: Controller;
  readonly machine: SimMachine;
  readonly hardware: Hardware;
  readonly personality: Personality;
}

/** Makes a document; undefined where this machine has none. */
export type Make = (view: View) => Document | undefined;

export const simServiceRoot = '/redfish/v1';

export const linkTo = (path: string): { readonly '@odata.id': string } => ({ '@odata.id': `${simServiceRoot}${path}` });

export function collection(type: string, name: string, paths: readonly string[]): Document {
  return {
    '@odata.type': `#${type}Collection.${type}Collection`,
    Name: name,
    'Members@odata.count': paths.length,
    Members: paths.map(linkTo),
  };
}
