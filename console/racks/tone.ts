/** How a machine in a rack is coloured. Pure. */
import type { MachineSummary } from '../../contract/api.ts';

export const colourings = ['stage', 'state', 'health', 'firmware'] as const;
export type Colouring = (typeof colourings)[number];

/** Whether the firmware of machines is as wanted, by id; who is not in it is. Null while that is not known. */
export type FirmwareFindings = ReadonlyMap<string, 'other' | 'unknown'> | null;

export type Tone = 'good' | 'busy' | 'bad' | 'gone';

export function toneOf(
  machine: Pick<MachineSummary, 'id' | 'stage' | 'opState' | 'repairState' | 'held'>,
  by: Colouring,
  firmware: FirmwareFindings,
): Tone {
  const { id, stage, opState, repairState, held } = machine;
  if (by === 'firmware') return firmwareTone(firmware, id);
  if (held !== null) return 'bad';
  if (stage === 'retired') return 'gone';
  if (by === 'health') return repairState === 'none' ? 'good' : repairState === 'suspect' ? 'busy' : 'bad';
  if (by === 'state') return opState === 'production' ? 'good' : opState === 'intervention' ? 'bad' : 'busy';
  return stage === 'in_service' ? 'good' : stage === 'repair' ? 'bad' : 'busy';
}

function firmwareTone(firmware: FirmwareFindings, id: string): Tone {
  const found = firmware?.get(id);
  if (firmware === null || found === 'unknown') return 'busy';
  return found === 'other' ? 'bad' : 'good';
}
