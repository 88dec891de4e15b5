import type { Hardware } from '../hardware.ts';
import type { SimMachine } from '../machine.ts';
import type { Controller } from './controller.ts';
import type { Document } from './links.ts';
import type { Personality } from './personality.ts';

/** What a document is made from. */
export interface View {
  readonly controller: Controller;
  readonly machine: SimMachine;
  readonly hardware: Hardware;
  readonly personality: Personality;
}

/** Makes a document; undefined where this machine has none. */
export type Make = (view: View) => Document | undefined;
