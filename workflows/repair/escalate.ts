import { type Severity, severities } from '../../domain/requests.ts';
import type { Effects } from '../passage/effects.ts';
import { goTo, type StepResult } from '../passage/result.ts';
import type { RepairContext } from './facts.ts';

/** To that attempt, or the first behind it whose budget is not used up. */
export async function escalate(context: RepairContext, effects: Effects, to: Severity): Promise<StepResult> {
  const { facts, request } = context;
  for (let severity = to; ; severity = above(severity)) {
    const input = { fault: request.fault, attempt: severity, ...(facts.byHand && { byHand: true as const }) };
    const may = await effects.repair.beginAttempt(input);
    if (may.may) {
      facts.wait = may.wait;
      return goTo(severity);
    }
    context.note(`the attempt ${severity} is left out: ${may.why}`);
  }
}

export function above(severity: Severity): Severity {
  return severities[severities.indexOf(severity) + 1] ?? 'retire';
}
