/** What becomes of two machines after their birth: one is cleaned for another owner and repaired, one is reborn and cleaned. */
import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { HumanStepView } from '../../contract/api.ts';
import type { TicketDetail } from '../../contract/tickets.ts';
import { changeBays, press } from './hands.ts';
import type { VmOperator } from './operator.ts';
import { eventually } from './wait.ts';

/** The disk that is in the bay `data` from the start, and the one that a person puts there for it. */
export const dataDisk = { serial: 'FVMDATA1', gib: 1 / 8 };
export const newDisk = { serial: 'FVMDATA2', gib: 1 / 8 };

export interface Mended {
  /** The plan of a rehearsal, before anything was wrong. */
  readonly plan: string;
  readonly question: HumanStepView;
  readonly ticket: TicketDetail;
  readonly confirm: HumanStepView;
}

/** The machine's second disk fails and goes; a repair finds out, and a person puts another one in. */
export async function repairVm(operator: VmOperator, data: string, machine: string): Promise<Mended> {
  const fault = ['--request', JSON.stringify({ fault: `disk/${dataDisk.serial}`, evidence: 'it reports bad sectors' })];
  const place = (...words: string[]) => operator.farrier('order', 'place', 'repair', machine, ...fault, ...words);
  await place('--dry-run', '--reason', 'what would be done', '--id', 'rehearsal-1');
  await operator.done('rehearsal-1');
  const plan = await operator.farrier('order', 'show', 'rehearsal-1');

  await changeBays(data, 'vm-1', {});
  await place('--reason', 'the disk is dying', '--id', 'repair-1');
  const question = await operator.asked('repair-1');
  const ticket = await operator.api.ticket(question.ticketId);

  await changeBays(data, 'vm-1', { data: newDisk });
  await operator.answer(question, 'fixed', '--note', `${newDisk.serial} is in`);
  await operator.done('repair-1');
  const confirm = await operator.asked('rebirth-of-repair-1');
  await operator.answer(confirm, 'accept');
  await operator.done('rebirth-of-repair-1');
  return { plan, question, ticket, confirm };
}

/** The machine is installed anew at its next reboot, which a person brings about; then its disk is put aside to look at. */
export async function rebirthVm(operator: VmOperator, data: string, machine: string, aside: string): Promise<void> {
  await operator.farrier('rebirth', machine, '--reason', 'installed anew', '--id', 'rebirth-1');
  const isSet = async () => (await operator.api.machine(machine)).machine.bootState === 'rebirth';
  await eventually('the boot state', isSet);
  await press(data, 'vm-2', 'ForceRestart');
  await operator.done('rebirth-1');
  await press(data, 'vm-2', 'ForceOff');
  await mkdir(aside);
  for (const name of ['system.qcow2', 'vars.fd']) await cp(join(data, 'vm', 'vm-2', name), join(aside, name));
  await press(data, 'vm-2', 'On');
}
