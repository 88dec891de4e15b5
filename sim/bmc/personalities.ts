import type { Hardware } from '../hardware.ts';
import { ami } from './ami.ts';
import { idrac9 } from './dell.ts';
import { ilo5, ilo6 } from './hpe.ts';
import { ibmc, sr675, xcc } from './lenovo.ts';
import { nvidia, openbmc } from './openbmc.ts';
import { type Personality, standardPersonality } from './personality.ts';
import { supermicro, x10 } from './supermicro.ts';

/** All controllers that the simulator knows; `standard` is the one that follows DMTF's documents. */
export const personalities = {
  standard: standardPersonality,
  idrac9,
  ilo5,
  ilo6,
  supermicro,
  x10,
  openbmc,
  nvidia,
  xcc,
  sr675,
  ibmc,
  ami,
};
type PersonalityId = keyof typeof personalities;

export const personalityChoices = ['mixed', ...(Object.keys(personalities) as PersonalityId[])] as const;
export type PersonalityChoice = (typeof personalityChoices)[number];

// Without x10, which old servers have, and without a model of one maker that is the same but for one thing.
const common: readonly Personality[] = Object.values(personalities).filter(
  ({ id }) => id !== x10.id && id !== sr675.id,
);

/** The controller of a server: all the same, or by model and place. */
export function personalityFor({ model, rack, unit }: Hardware, choice: PersonalityChoice): Personality {
  if (choice !== 'mixed') return personalities[choice];
  if (model.firmware === 'bios') return x10;
  return common[(rack + unit - 1) % common.length] ?? standardPersonality;
}
