import { ActivityFailure } from '@temporalio/workflow';
import type { BoardObservation } from '../../contract/board.ts';
import type { OperatorAnswer } from '../../contract/passage.ts';
import type { BoardFactor, BoardObserved } from '../../domain/identity/board.ts';
import type { BoardAnswer } from '../../domain/identity/boardanswer.ts';
import type { AnswerField, OperatorQuestion } from '../../domain/question.ts';
import type { Effects } from '../passage/effects.ts';
import { rootMessage } from '../passage/failure.ts';
import type { RepairContext } from './facts.ts';

const hour = 60 * 60_000;

/** Whose board it is: the machine's own, one that a person accepted or refused, or one that can't be known. */
export type BoardSettled = 'own' | 'accepted' | 'refused' | 'unread';

/**
 * Looks whether another board is in the machine, and has a person accept it, with the serial number from its label, or
 * refuse it. What agrees with nothing of the machine is never accepted. `insist`: somebody said that it was replaced, so
 * a controller that can't be read is asked about too. `by`: who was at the machine; null while nobody was.
 */
export async function settleBoard(
  context: RepairContext,
  effects: Effects,
  by: string | null,
  insist: boolean,
): Promise<BoardSettled> {
  let given: BoardAnswer | null = null;
  for (let tries = 1; ; tries += 1) {
    const observation = await lookAtBoard(context, effects, given);
    if (observation.state === 'none') return 'own';
    if (observation.state === 'same') {
      if (observation.quarantined && by !== null) await effects.repair.endQuarantine({ by });
      return 'own';
    }
    if (observation.state === 'unread' && !insist) return 'unread';
    const refused = given === null ? '' : await accept(context, effects, tries, observation, given);
    if (refused === null) return 'accepted';
    const answer = await effects.ask(question(observation, refused));
    if (answer.answer === 'refuse') {
      // It stays shut out, and hands have it.
      context.facts.doubt = `${answer.by} refused the board behind its controller, which stays shut out.`;
      return 'refused';
    }
    given = answer.answer === 'accept' ? answerOf(answer) : null;
  }
}

async function lookAtBoard(
  context: RepairContext,
  effects: Effects,
  answer: BoardAnswer | null,
): Promise<BoardObservation> {
  context.waitsOn('hardware');
  try {
    return await effects.look.hardware.lookAtBoard({ ...(answer?.key && { key: answer.key }) });
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    return { state: 'unread', reason: rootMessage(error) };
  }
}

/** Null when it is the machine's from now on; otherwise why it is not. */
async function accept(
  context: RepairContext,
  effects: Effects,
  tries: number,
  observation: Doubtful,
  answer: BoardAnswer,
): Promise<string | null> {
  if (observation.state === 'key')
    return `the key of its certificate is ${observation.key}, and ${answer.key ?? 'none'} was said`;
  if (observation.state !== 'swapped') return '';
  const id = `${context.order.orderId}:board:${tries}`;
  const taken = await effects.repair.acceptBoard({ id, observed: observation.observed, answer });
  if (!taken.accepted) return taken.why;
  context.facts.keysLost = taken.keysLost;
  return null;
}

function answerOf({ by, data }: OperatorAnswer): BoardAnswer {
  const field = (name: string) => (typeof data?.[name] === 'string' ? data[name] : undefined);
  const [uuid, mac, key] = [field('uuid'), field('mac'), field('key')];
  return { by, serial: field('serial') ?? '', ...(uuid && { uuid }), ...(mac && { mac }), ...(key && { key }) };
}

const fields: Readonly<Record<'serial' | 'uuid' | 'mac' | 'key', AnswerField>> = {
  serial: { type: 'string', description: "the new board's serial number, from its label", maxLength: 128 },
  uuid: { type: 'string', description: 'the system UUID that it has now', maxLength: 40 },
  mac: { type: 'string', description: 'MAC of the port that the machine boots from', maxLength: 20 },
  key: { type: 'string', description: "SHA-256 of its certificate's key, compared", maxLength: 64 },
};

type Field = keyof typeof fields;
type Doubtful = Exclude<BoardObservation, { readonly state: 'same' | 'none' }>;

function question(observation: Doubtful, refused: string): OperatorQuestion {
  const rest = {
    fault: 'repair/board',
    roles: ['operator', 'admin'],
    // Closing a ticket makes no machine another one.
    onClose: null,
    deadline: 4 * hour,
  } as const;
  const reason = [...(refused ? [`Not accepted: ${refused}.`] : []), ...sentences(observation)].join(' ');
  if (observation.state === 'other' || observation.state === 'unread')
    return { ...rest, reason, choices: ['retry', 'refuse', 'abandon'] };
  return { ...rest, reason, choices: ['accept', 'refuse', 'retry', 'abandon'], schema: { properties: fields } };
}

/** What "accept" needs besides. None is required by the schema, which holds for every answer. */
function wantedOf(observation: Extract<Doubtful, { readonly state: 'swapped' | 'key' }>): Field[] {
  if (observation.state === 'key') return ['serial', 'key'];
  const differs = (factor: BoardFactor) => observation.differ.includes(factor);
  const wanted = { serial: true, uuid: differs('uuid'), key: differs('key'), mac: observation.bootPortGone };
  return (Object.keys(wanted) as Field[]).filter((field) => wanted[field]);
}

const names: Readonly<Record<BoardFactor, string>> = {
  uuid: 'system UUID',
  serial: 'serial numbers',
  'nic-mac': 'MACs of its ports',
  'bmc-mac': "its controller's MAC",
  key: "the key of its controller's certificate",
};

function sentences(observation: Doubtful): string[] {
  const list = (factors: readonly BoardFactor[]) => factors.map((factor) => names[factor]).join(', ');
  switch (observation.state) {
    case 'other':
      return [`Behind its controller is another machine: ${observation.reason}. It stays shut out.`];
    case 'unread':
      return [`Whether another board is in it can't be known: ${observation.reason}`];
    case 'key':
      return [
        `Its controller shows another certificate, whose key is ${observation.key}; nothing was sent to it.`,
        `If its board was replaced, compare the key at the machine and answer "accept" with ${wantedOf(observation).join(', ')}.`,
      ];
    case 'swapped':
      return [
        `Another board seems to be in it. These agree: ${list(observation.agree)}. These differ: ${list(observation.differ)}.`,
        `It shows ${shortly(observation.observed)}.`,
        `If its board was replaced, answer "accept" with ${wantedOf(observation).join(', ')}; "refuse" leaves it shut out.`,
      ];
  }
}

function shortly({ uuid, serial, boardSerial, macs, key }: BoardObserved): string {
  return [
    `UUID ${uuid ?? 'none'}`,
    `serial number ${serial ?? 'none'}`,
    ...(boardSerial === null ? [] : [`board ${boardSerial}`]),
    ...(macs.length === 0 ? [] : [`ports ${macs.join(', ')}`]),
    ...(key === null ? [] : [`key ${key}`]),
  ].join(', ');
}
