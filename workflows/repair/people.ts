import type { AnswerSchema } from '../../domain/question.ts';
import type { Effects } from '../passage/effects.ts';
import type { StepResult } from '../passage/result.ts';
import { settleBoard } from './board.ts';
import { escalate } from './escalate.ts';
import type { RepairContext } from './facts.ts';

/** Hands: whoever stands before the machine has the bundle, and says what they did. */
export async function askHands(context: RepairContext, effects: Effects): Promise<StepResult> {
  const { facts, request } = context;
  if (facts.shutOut) {
    facts.shutOut = false;
    const board = await settleBoard(context, effects, null, true);
    if (board === 'refused') return escalate(context, effects, 'ticket');
    if (board === 'accepted') return verify(context, effects);
  }
  const { answer, by } = await effects.ask({
    fault: request.fault,
    reason: [...(facts.doubt ? [facts.doubt] : []), facts.bundle, whatHandsMaySay].join('\n'),
    choices: ['fixed', 'board', 'parts', 'retire', 'abandon'],
  });
  if (answer === 'parts') return escalate(context, effects, 'rma');
  if (answer === 'retire') return escalate(context, effects, 'retire');
  return mended(context, effects, by, answer === 'board');
}

const whatHandsMaySay =
  'Look at it. "fixed" has it verified by a burn-in, "board" too, of a machine whose mainboard you replaced, "parts" begins ' +
  'a return to its maker, "retire" takes it out for good.';

/** Somebody had the machine open: what they say is mended is verified, once it is certain whose board is in it. */
async function mended(context: RepairContext, effects: Effects, by: string, insist: boolean): Promise<StepResult> {
  const board = await settleBoard(context, effects, by, insist);
  return board === 'refused' ? escalate(context, effects, 'ticket') : verify(context, effects);
}

/** However often it was reborn of late: what a person mended is verified each time. */
function verify(context: RepairContext, effects: Effects): Promise<StepResult> {
  context.facts.byHand = true;
  return escalate(context, effects, 'rebirth');
}

/** A part goes back to its maker and another one comes: both numbers stay with the machine. */
export async function replacePart(context: RepairContext, effects: Effects): Promise<StepResult> {
  const { fault } = context.request;
  const sent = await effects.ask({
    fault: `${fault}/part`,
    reason:
      'Ask the maker for a part, and answer with the number of the return; what it is and its serial number are kept with it.',
    choices: ['sent:NUMBER', 'retire', 'abandon'],
    schema: sentPart,
  });
  if (sent.answer === 'retire') return escalate(context, effects, 'retire');
  const field = (name: string) => (typeof sent.data?.[name] === 'string' ? sent.data[name] : null);
  const what = { part: field('part'), serial: field('serial') };
  const number = afterColon(sent.answer);
  await effects.repair.sendPart({ fault, number, by: sent.by, ...what });
  const fitted = await effects.ask({
    fault: `${fault}/part`,
    reason: `Return ${number} is under way. When the new part is in, answer with its serial number.`,
    choices: ['fitted:SERIAL', 'retire', 'abandon'],
  });
  if (fitted.answer === 'retire') return escalate(context, effects, 'retire');
  await effects.repair.fitPart({ fault, number: afterColon(fitted.answer), by: fitted.by });
  return mended(context, effects, fitted.by, what.part === 'mainboard');
}

const sentPart: AnswerSchema = {
  properties: {
    part: {
      type: 'string',
      description: 'what goes back',
      enum: ['mainboard', 'disk', 'memory', 'cpu', 'psu', 'other'],
    },
    serial: { type: 'string', description: 'the serial number of the part that goes back', maxLength: 128 },
  },
};

function afterColon(answer: string): string {
  return answer.slice(answer.indexOf(':') + 1);
}
