/**
 * The closed list of what a passage may do to the world, and of what it may look at. Steps have nothing else: the proxies
 * are not theirs to import (scripts/directions.ts), so that no passage begins an effect past the gate.
 */

import type { BirthActivities } from '../../activities/birth/index.ts';
import type { CleanActivities } from '../../activities/clean/index.ts';
import type { DrainActivities } from '../../activities/drain/index.ts';
import type { HardwareActivities } from '../../activities/hardware/index.ts';
import type { OutageActivities } from '../../activities/outage/index.ts';
import type { PassageActivities } from '../../activities/passage/index.ts';
import type { RecordActivities } from '../../activities/records/index.ts';
import type { RepairActivities } from '../../activities/repair/index.ts';
import type { RetireActivities } from '../../activities/retire/index.ts';
import type { ActKind } from '../../domain/acts.ts';
import {
  actingAt,
  birthActivities,
  cleanActivities,
  draining,
  observing,
  outageActivities,
  passageActivities,
  recording,
  repairActivities,
  retireActivities,
  settling,
} from '../proxies.ts';
import type { Gate } from './gate.ts';

/** Each waits at the gate before it begins. */
export interface Effects {
  readonly passage: Pick<PassageActivities, 'beginPassage' | 'turnTo' | 'openHumanStep' | 'keepPlan'>;
  readonly birth: BirthActivities;
  readonly clean: Omit<CleanActivities, keyof CleanLooks>;
  readonly outage: Omit<OutageActivities, keyof OutageLooks>;
  readonly repair: Omit<RepairActivities, keyof RepairLooks>;
  readonly retire: RetireActivities;
  /** Looking how far a drain is may evict what has come since. */
  readonly drain: DrainActivities;
  readonly records: Pick<RecordActivities, 'keepConsole' | 'keepRecords'>;
  readonly act: (kind: ActKind) => Pick<HardwareActivities, 'act'>;
}

type CleanLooks = Pick<CleanActivities, 'planClean'>;
type OutageLooks = Pick<OutageActivities, 'readGroups' | 'readTreatment'>;
type RepairLooks = Pick<RepairActivities, 'missingParts'>;

/** What changes nothing: it goes on while the passage is held back. */
export interface Looks {
  readonly clean: CleanLooks;
  readonly outage: OutageLooks;
  readonly repair: RepairLooks;
  readonly hardware: Pick<HardwareActivities, 'checkController' | 'checkHealth' | 'lookAtBoard'>;
  readonly settle: (kind: ActKind) => Pick<HardwareActivities, 'settle'>;
}

export function openEffects(siteId: string, gate: Gate): Effects {
  return {
    passage: gated(passageActivities, gate),
    birth: gated(birthActivities, gate),
    clean: gated(cleanActivities, gate),
    outage: gated(outageActivities, gate),
    repair: gated(repairActivities, gate),
    retire: gated(retireActivities, gate),
    drain: gated(draining(siteId), gate),
    records: gated(recording(siteId), gate),
    act: (kind) => gated(actingAt(siteId, kind), gate),
  };
}

export function openLooks(siteId: string): Looks {
  return {
    clean: cleanActivities,
    outage: outageActivities,
    repair: repairActivities,
    hardware: observing(siteId),
    settle: (kind) => settling(siteId, kind),
  };
}

type Activity = (input: never) => Promise<unknown>;

function gated<T extends object>(activities: T, gate: Gate): T {
  return new Proxy(activities, {
    get: (target, name) => async (input: never) => {
      await gate.pass();
      return (Reflect.get(target, name) as Activity)(input);
    },
  });
}
