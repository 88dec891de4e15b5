/** How a machine in a rack is coloured. Pure. */
import type { MachineSummary } from '../../contract/api.ts';

export const colourings = ['stage', 'state', 'health'] as const;
export type Colouring = (typeof colourings)[number];

export type Tone = 'good' | 'busy' | 'bad' | 'gone';

export function toneOf(
  machine: Pick<MachineSummary, 'stage' | 'opState' | 'repairState' | 'held'>,
  by: Colouring,
): Tone {
  const { stage, opState, repairState, held } = machine;
  if (held !== null) return 'bad';
  if (stage === 'retired') return 'gone';
  if (by === 'health') return repairState === 'none' ? 'good' : repairState === 'suspect' ? 'busy' : 'bad';
  if (by === 'state') return opState === 'production' ? 'good' : opState === 'intervention' ? 'bad' : 'busy';
  return stage === 'in_service' ? 'good' : stage === 'repair' ? 'bad' : 'busy';
}
