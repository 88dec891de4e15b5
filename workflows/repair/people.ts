import type { RepairRequest, Severity } from '../../contract/requests.ts';
import type { Outcome } from '../passage/outcome.ts';
import { repairActivities } from '../proxies.ts';
import type { RepairRun } from './run.ts';

/** Where a person's rung led. */
export type Ruled = { readonly to: Severity } | { readonly outcome: Outcome };

/** Hands: whoever stands before the machine has the bundle, and says what they did. */
export async function askHands(run: RepairRun, request: RepairRequest, bundle: string): Promise<Ruled> {
  const ruling = await run.ask('ticket', {
    fault: request.fault,
    reason: `${bundle}\nLook at it. "fixed" has it verified by a burn-in, "parts" begins a return to its maker, "retire" takes it out for good.`,
    choices: ['fixed', 'parts', 'retire', 'abandon'],
  });
  if ('outcome' in ruling) return ruling;
  if (ruling.answer === 'fixed') return { to: 'rebirth' };
  return { to: ruling.answer === 'parts' ? 'rma' : 'retire' };
}

/** A part goes back to its maker and another one comes: both numbers stay with the machine. */
export async function replacePart(run: RepairRun, { fault }: RepairRequest): Promise<Ruled> {
  const sent = await run.ask('rma', {
    fault: `${fault}/part`,
    reason: 'Ask the maker for a part, and answer with the number of the return.',
    choices: ['sent:NUMBER', 'retire', 'abandon'],
  });
  if ('outcome' in sent) return sent;
  if (sent.answer === 'retire') return { to: 'retire' };
  const part = { ...run.errand, fault };
  await repairActivities.sendPart({ ...part, number: afterColon(sent.answer), by: sent.by });
  const fitted = await run.ask('rma', {
    fault: `${fault}/part`,
    reason: `Return ${afterColon(sent.answer)} is under way. When the new part is in, answer with its serial number.`,
    choices: ['fitted:SERIAL', 'retire', 'abandon'],
  });
  if ('outcome' in fitted) return fitted;
  if (fitted.answer === 'retire') return { to: 'retire' };
  await repairActivities.fitPart({ ...part, number: afterColon(fitted.answer), by: fitted.by });
  return { to: 'rebirth' };
}

function afterColon(answer: string): string {
  return answer.slice(answer.indexOf(':') + 1);
}
