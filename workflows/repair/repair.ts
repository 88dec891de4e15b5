import { ActivityFailure, condition } from '@temporalio/workflow';
import type { PassageInput, PassageSummary } from '../../contract/machine.ts';
import { type OwnRung, ownRungs } from '../../contract/repair.ts';
import { type RepairRequest, requestOf, type Severity, severities } from '../../domain/requests.ts';
import { giveBack } from '../outage/back.ts';
import { look } from '../outage/power.ts';
import { rootMessage } from '../passage/failure.ts';
import { next, type Outcome } from '../passage/outcome.ts';

import { perform } from '../service/serve.ts';
import { askHands, replacePart } from './people.ts';
import { RepairRun } from './run.ts';
import { climb, goAway } from './rungs.ts';

/**
 * Repair: what is known is gathered, and then the ladder is climbed from the rung that was asked for, one rung a failed
 * try: observe, restart, reset of the controller, power cycle, rebirth, hands, parts, retirement. What people declare
 * mended is verified by a burn-in, which the rebirth does that this passage hands on to.
 */
export function repair(input: PassageInput): Promise<PassageSummary> {
  const run = new RepairRun(input);
  return perform(run, async (_, begun) => {
    const request = requestOf('repair', begun.request);
    run.away =
      (begun.opState !== 'production' && begun.opState !== 'draining') ||
      (run.recall.again && begun.stage === 'repair');
    run.acted = ownRungs.findLast((rung) => rung !== 'observe' && run.recall.hasAct(rung)) ?? null;
    run.treatment = await run.looks.outage.readTreatment(run.errand);
    const { bundle, missing } = await diagnose(run, request);
    let rung = severities.find((one) => one === run.recall.at) ?? firstRung(run, request, missing);
    for (;;) {
      await run.gate.pass();
      const led = await step(run, request, rung, bundle);
      if ('outcome' in led) return led.outcome;
      rung = led.to;
    }
  });
}

interface Diagnosis {
  /** For a person, in a few lines. */
  readonly bundle: string;
  readonly missing: boolean;
}

/** As it was ordered; hands, where a controller that is shut out could answer to no rung before them. */
function firstRung({ shutOut }: RepairRun, { severity }: RepairRequest, missing: boolean): Severity {
  // No restart brings back a part that is gone, and a machine without it may well look healthy.
  const asked = severity ?? (missing ? 'ticket' : 'observe');
  return shutOut && severities.indexOf(asked) < severities.indexOf('ticket') ? 'ticket' : asked;
}

/** Looks, gathers and notes that the machine is suspect. */
async function diagnose(run: RepairRun, { fault, evidence }: RepairRequest): Promise<Diagnosis> {
  run.stand('diagnose', 'hardware');
  const health = await look(run, null);
  run.seen = health.seen;
  run.sick = !health.healthy;
  run.shutOut = health.shutOut !== undefined;
  const missing = await findMissing(run);
  if (run.dry) return { bundle: '', missing: missing.length > 0 };
  const id = `${run.errand.orderId}:1`;
  const repairState = run.away ? 'failing' : 'suspect';
  const kept = await run.effects.repair.keepBundle({
    ...run.errand,
    id,
    fault,
    evidence,
    seen: health.seen,
    reset: health.reset ?? null,
    missing,
    repairState,
  });
  return { bundle: kept.summary, missing: missing.length > 0 };
}

/** Has logs, parts and console read anew, and compares; a controller that cannot be read leaves what was known of it. */
async function findMissing(run: RepairRun): Promise<string[]> {
  const { machineId, siteId } = run.errand;
  if (!run.controller) return [];
  try {
    const { keepConsole, keepRecords } = run.effects.records;
    await keepRecords({ siteId, due: [{ machineId, records: ['logs', 'inventory'] }] });
    await keepConsole({ machineId });
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    run.desk.note(`logs, parts and console were not read anew: ${rootMessage(error)}`);
  }
  return run.looks.repair.missingParts(run.errand);
}

type Led = { readonly to: Severity } | { readonly outcome: Outcome };

function isOwn(rung: Severity): rung is OwnRung {
  return (ownRungs as readonly Severity[]).includes(rung);
}

async function step(run: RepairRun, request: RepairRequest, rung: Severity, bundle: string): Promise<Led> {
  if (run.dry && !isOwn(rung)) return planHands(run, rung);
  const input = { ...run.errand, fault: request.fault, rung, ...(run.byHand && { byHand: true as const }) };
  // An earlier run stood on it: its budget was asked then.
  const stood = run.recall.at === rung;
  const may = run.dry || stood ? { may: true as const, wait: 0 } : await run.effects.repair.beginRung(input);
  if (!may.may) {
    run.desk.note(`the rung ${rung} is left out: ${may.why}`);
    return { to: above(rung) };
  }
  if (stood) run.recall.reach(rung);
  else await run.turnTo(run.at, rung);
  run.at = rung;
  if (may.wait > 0) {
    run.stand(rung, 'time', may.wait, 'It is given time to show what the last act did.');
    if (await condition(() => run.desk.cancelled !== null, may.wait)) return { outcome: run.cancelled() };
  }
  if (rung === 'ticket' || rung === 'rma') {
    const away = await goAway(run, rung, request);
    if (away !== null) return { outcome: away };
    return rung === 'ticket' ? askHands(run, request, bundle) : replacePart(run, request);
  }
  if (rung === 'rebirth' || rung === 'retire') return handOn(run, request, rung);
  const climbed = await climb(run, rung, request);
  if ('outcome' in climbed) return climbed;
  const seen = climbed.healed ? 'it stays healthy' : climbed.seen;
  const ended = !climbed.healed ? 'failed' : run.acted === null ? 'false_positive' : 'healed';
  if (!run.dry) await run.effects.repair.endRung({ ...input, outcome: ended, seen });
  // A rehearsal shows the whole ladder: nobody knows which rung will help.
  if (climbed.healed && !run.dry) return { outcome: await comeBack(run) };
  run.seen = seen;
  return { to: above(rung) };
}

function above(rung: Severity): Severity {
  return severities[severities.indexOf(rung) + 1] ?? 'retire';
}

/** Well again: back to where it came from, and no longer suspect. */
async function comeBack(run: RepairRun): Promise<Outcome> {
  run.gate.turnBack();
  const note =
    run.acted === null ? 'false_positive: it cleared by itself, and nothing was done to it' : `healed by ${run.acted}`;
  // One that a person keeps aside stays there, well or not.
  const stays = run.state.opState === 'production' || run.state.opState === 'intervention';
  const stage = run.state.stage === 'repair' ? ({ stage: 'in_service' } as const) : {};
  run.state = await run.effects.outage.moveMachine({ ...run.errand, ...stage, repairState: 'none', held: null });
  const ended = { to: 'end', state: 'done', note } as const;
  return stays ? ended : giveBack(run, 'restart', run.treatment, ended);
}

/** Another order goes on: the rebirth whose burn-in verifies what was done, or the retirement. */
async function handOn(run: RepairRun, { fault }: RepairRequest, to: 'rebirth' | 'retire'): Promise<Led> {
  const lost = run.keysLost ? ', on another board: the keys of its disks went with the old one' : '';
  const why = to === 'rebirth' ? `verifies the repair of ${fault}${lost}` : `given up: ${run.seen}`;
  const id = await run.effects.repair.handOn({ ...run.errand, to, fault, why });
  run.gate.turnBack();
  await run.effects.repair.endRung({ ...run.errand, fault, rung: to, outcome: 'handed-on', seen: id });
  return { outcome: { to: 'end', state: 'done', note: `handed on to ${id}: ${why}` } };
}

function planHands(run: RepairRun, rung: Severity): Led {
  run.plans('ticket', `and then ${rung}: an order or a person of its own`);
  return { outcome: next };
}
