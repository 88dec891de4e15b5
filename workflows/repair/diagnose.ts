import { ActivityFailure } from '@temporalio/workflow';
import { type Severity, severities } from '../../domain/requests.ts';
import { look } from '../outage/power.ts';
import type { Effects } from '../passage/effects.ts';
import { rootMessage } from '../passage/failure.ts';
import type { StepResult } from '../passage/result.ts';
import { escalate } from './escalate.ts';
import type { RepairContext } from './facts.ts';

/** Diagnose: looks, gathers what is known, notes that the machine is suspect, and says which attempt comes first. */
export async function diagnose(context: RepairContext, effects: Effects): Promise<StepResult> {
  const missing = await inspect(context, effects);
  return escalate(context, effects, firstAttempt(context, missing));
}

/** As it was ordered; hands, where a controller that is shut out could answer to no attempt before them. */
function firstAttempt({ facts, request }: RepairContext, missing: boolean): Severity {
  // No restart brings back a part that is gone, and a machine without it may well look healthy.
  const first = request.severity ?? (missing ? 'ticket' : 'observe');
  return facts.shutOut && severities.indexOf(first) < severities.indexOf('ticket') ? 'ticket' : first;
}

/** Whether something is missing. */
export async function inspect(context: RepairContext, effects: Effects): Promise<boolean> {
  const { facts, request, order } = context;
  await effects.look.outage.readPolicy();
  context.waitsOn('hardware');
  const health = await look(effects, null);
  facts.seen = health.seen;
  facts.sick = !health.healthy;
  facts.shutOut = health.shutOut !== undefined;
  const missing = await findMissing(context, effects);
  const { fault, evidence } = request;
  const kept = await effects.repair.keepBundle({
    id: `${order.orderId}:1`,
    fault,
    evidence,
    seen: health.seen,
    reset: health.reset ?? null,
    missing,
    repairState: facts.away ? 'failing' : 'suspect',
  });
  facts.bundle = kept.summary;
  return missing.length > 0;
}

/** Has logs, parts and console read anew, and compares; a controller that cannot be read leaves what was known of it. */
async function findMissing(context: RepairContext, effects: Effects): Promise<readonly string[]> {
  const { machineId, siteId } = context.order;
  if (!context.controller) return [];
  try {
    await effects.records.keepRecords({ siteId, due: [{ machineId, records: ['logs', 'inventory'] }] });
    await effects.records.keepConsole({ machineId });
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    context.note(`logs, parts and console were not read anew: ${rootMessage(error)}`);
  }
  return effects.look.repair.missingParts();
}
