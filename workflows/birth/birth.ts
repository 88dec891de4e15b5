import { takePermit } from '../outage/permit.ts';
import { definePassage } from '../passage/engine.ts';
import { type BirthFacts, birthFacts } from './facts.ts';
import { birthSteps, endInService, resumesAt } from './steps.ts';

/**
 * Birth: from the first boot request to *in service*. Reads like the runbook an operator would write; what each
 * step does is in the file of its name.
 */
export const birth = definePassage<'birth', BirthFacts>('birth', {
  steps: birthSteps,
  powerTries: 3,
  rowsByEffects: true,
  resumesAt,
  afterBoot: () => 'register',
  /** A machine in production leaves by its groups' permits. */
  async begin(_context, effects) {
    const begun = await effects.birth.beginBirth();
    if (!begun.leaves) return begun;
    await takePermit(effects, 'reboot', {});
    return effects.birth.beginBirth({ permitted: true });
  },
  facts: ({ boot = false, newcomer }) => birthFacts(boot, newcomer),
  finish: endInService,
  // Half installed, it stands until a person says more.
  holds: () => true,
});
