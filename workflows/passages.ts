import type { Passage } from '../domain/machine.ts';
import { birth } from './birth/birth.ts';
import { rebirth } from './birth/rebirth.ts';
import { clean } from './clean/clean.ts';
import { maintenance } from './maintenance/maintenance.ts';
import type { Definition } from './passage/definition.ts';
import { repair } from './repair/repair.ts';
import { retire } from './retire/retire.ts';
import { drain } from './service/drain.ts';
import { power } from './service/power.ts';
import { reboot } from './service/reboot.ts';
import { undrain } from './service/undrain.ts';

/** Every passage; one that is forgotten does not compile. */
export const definitions = {
  birth,
  rebirth,
  clean,
  maintenance,
  repair,
  retire,
  drain,
  undrain,
  reboot,
  power,
} satisfies Readonly<Record<Passage, Pick<Definition, 'passage'>>>;
