import type { PassageInput, PassageSummary } from '../contract/machine.ts';
import type { Passage } from '../mdb/machine.ts';
import { birth } from './birth/birth.ts';

/** The workflow of each passage; null for one that this version can't run, whose orders are refused with a reason. */
export const passageWorkflows: Record<Passage, ((input: PassageInput) => Promise<PassageSummary>) | null> = {
  birth,
  rebirth: null,
  clean: null,
  maintenance: null,
  repair: null,
  retire: null,
  drain: null,
  undrain: null,
  reboot: null,
  power: null,
};
