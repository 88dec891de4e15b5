import type { RepairRequest } from '../../domain/requests.ts';
import type { AnswerSchema } from '../../domain/values.ts';
import { settleBoard } from './board.ts';
import type { Ruled } from './ruled.ts';
import type { RepairRun } from './run.ts';

/** Hands: whoever stands before the machine has the bundle, and says what they did. */
export async function askHands(run: RepairRun, request: RepairRequest, bundle: string): Promise<Ruled> {
  if (run.shutOut) {
    run.shutOut = false;
    const settled = await settleBoard(run, null, true);
    if (typeof settled === 'object') return settled;
    if (settled === 'accepted') return verified(run);
  }
  const ruling = await run.ask('ticket', {
    fault: request.fault,
    reason: [...(run.doubt ? [run.doubt] : []), bundle, whatHandsMaySay].join('\n'),
    choices: ['fixed', 'board', 'parts', 'retire', 'abandon'],
  });
  if ('outcome' in ruling) return ruling;
  if (ruling.answer === 'parts') return { to: 'rma' };
  if (ruling.answer === 'retire') return { to: 'retire' };
  return mended(run, ruling.by, ruling.answer === 'board');
}

const whatHandsMaySay =
  'Look at it. "fixed" has it verified by a burn-in, "board" too, of a machine whose mainboard you replaced, "parts" begins ' +
  'a return to its maker, "retire" takes it out for good.';

/** Somebody had the machine open: what they say is mended is verified, once it is certain whose board is in it. */
async function mended(run: RepairRun, by: string, board: boolean): Promise<Ruled> {
  const settled = await settleBoard(run, by, board);
  return typeof settled === 'object' ? settled : verified(run);
}

/** However often it was reborn of late: what a person mended is verified each time. */
function verified(run: RepairRun): Ruled {
  run.byHand = true;
  return { to: 'rebirth' };
}

/** A part goes back to its maker and another one comes: both numbers stay with the machine. */
export async function replacePart(run: RepairRun, { fault }: RepairRequest): Promise<Ruled> {
  const sent = await run.ask('rma', {
    fault: `${fault}/part`,
    reason:
      'Ask the maker for a part, and answer with the number of the return; what it is and its serial number are kept with it.',
    choices: ['sent:NUMBER', 'retire', 'abandon'],
    schema: sentPart,
  });
  if ('outcome' in sent) return sent;
  if (sent.answer === 'retire') return { to: 'retire' };
  const part = { ...run.errand, fault };
  const told = (name: string) => (typeof sent.data?.[name] === 'string' ? sent.data[name] : null);
  const what = { part: told('part'), serial: told('serial') };
  await run.effects.repair.sendPart({ ...part, number: afterColon(sent.answer), by: sent.by, ...what });
  const fitted = await run.ask('rma', {
    fault: `${fault}/part`,
    reason: `Return ${afterColon(sent.answer)} is under way. When the new part is in, answer with its serial number.`,
    choices: ['fitted:SERIAL', 'retire', 'abandon'],
  });
  if ('outcome' in fitted) return fitted;
  if (fitted.answer === 'retire') return { to: 'retire' };
  await run.effects.repair.fitPart({ ...part, number: afterColon(fitted.answer), by: fitted.by });
  return mended(run, fitted.by, what.part === 'mainboard');
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
