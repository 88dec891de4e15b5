import { findFault } from '../faults.ts';
import { type Machine, type ResetType, resetTypes } from '../machine.ts';
import type { MachineState } from '../state.ts';
import { createAccount, patchAccount, removeAccount } from './accounts.ts';
import { patchBios, resetBios } from './bios.ts';
import { patchSystem } from './boot.ts';
import type { Controller } from './controller.ts';
import { documentAt } from './documents.ts';
import { featureAct } from './feature/feature.ts';
import { clearLog } from './logs.ts';
import { empty, failure, notFound, type Reply, wrongMethod, wrongValue } from './reply.ts';
import { patchEventService, subscribe, unsubscribe } from './subscriptions.ts';
import { completed, type TaskEnd } from './tasks.ts';
import { simpleUpdate, startUpdate } from './update.ts';

export interface Change {
  readonly controller: Controller;
  readonly method: string;
  /** Below `/redfish/v1`, by the names used in here. */
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** The body as it came. */
  readonly text: string;
}

type Act = (change: Change) => Reply | Promise<Reply>;

const fixed: Readonly<Record<string, Act>> = {
  'POST /Systems/1/Actions/ComputerSystem.Reset': resetSystem,
  'PATCH /Systems/1': (change) => featureAct(change) ?? patchSystem(change.controller, change.body, 'system'),
  'PATCH /Systems/1/Settings': ({ controller, body }) => patchSystem(controller, body, 'settings'),
  'PATCH /Systems/1/Bios/Settings': ({ controller, body }) => patchBios(controller, body),
  'POST /Systems/1/Bios/Actions/Bios.ResetBios': ({ controller, text }) => resetBios(controller, text),
  'POST /Managers/1/Actions/Manager.Reset': ({ body, controller }) => {
    const { managerReset } = controller.personality.features;
    if (!managerReset.includes(String(body.ResetType))) return wrongValue(body.ResetType, 'ResetType');
    controller.restart('bmc');
    return empty;
  },
  'POST /EventService/Subscriptions': ({ controller, body }) => subscribe(controller, body),
  'PATCH /EventService': ({ controller, body }) => patchEventService(controller, body),
  'POST /EventService/Actions/EventService.SubmitTestEvent': ({ controller }) => {
    controller.machine.note('test-event');
    return empty;
  },
  'POST /AccountService/Accounts': ({ controller, body }) => createAccount(controller, body),
  'POST /UpdateService/Actions/UpdateService.SimpleUpdate': ({ controller, body, path }) =>
    controller.personality.update.simple ? simpleUpdate(controller, body) : notFound(`/redfish/v1${path}`),
  'POST /UpdateService/Actions/UpdateService.StartUpdate': ({ controller, path }) =>
    controller.personality.update.twoPhase ? startUpdate(controller) : notFound(`/redfish/v1${path}`),
};

/** Carries out a POST, PATCH or DELETE of a controller. */
export async function act(change: Change): Promise<Reply> {
  const { controller, method, path, body } = change;
  const known = fixed[`${method} ${path}`];
  if (known) return known(change);
  const account = /^\/AccountService\/Accounts\/(\w{1,16})$/.exec(path)?.[1];
  if (account && method === 'PATCH') return patchAccount(controller, account, body);
  if (account && method === 'DELETE') return removeAccount(controller, account);
  const subscription = /^\/EventService\/Subscriptions\/(\w{1,16})$/.exec(path)?.[1];
  if (subscription && method === 'DELETE') return unsubscribe(controller, subscription);
  const [, at, log] = /^(.+)\/LogServices\/([\w-]+)\/Actions\/LogService\.ClearLog$/.exec(path) ?? [];
  if (at && log && method === 'POST') return clearLog(controller, at, log);
  const more = featureAct(change);
  if (more) return more;
  return documentAt(path, controller) ? wrongMethod : notFound(`/redfish/v1${path}`);
}

async function resetSystem({ controller, body }: Change): Promise<Reply> {
  const { machine, personality } = controller;
  const type = body.ResetType;
  if (type === 'Nmi' && personality.resetTypes.includes(type)) {
    machine.note('nmi', { by: 'bmc' });
    return empty;
  }
  const known = resetTypes.find((one) => one === type);
  if (!known || !personality.resetTypes.includes(known)) return wrongValue(type, 'ResetType');
  if (personality.redundantPower === 'refuse' && isRedundant(known, machine.state))
    return conflict(known, machine.state);
  if (inPause(controller))
    return failure(
      400,
      'iLO.2.24.InvalidOperationForSystemState',
      'The operation was not successful due to the current power state.',
    );
  if (personality.features.restart === 'hangs') hang(machine, known);
  if (!(await machine.reset(known, 'bmc'))) return conflict(known, machine.state);
  controller.lastPower = Date.now();
  return personality.resetTask ? resetTask(controller, known) : empty;
}

/** Quirk 32: the host hangs after a forced restart, until its power was off. */
function hang(machine: Machine, type: ResetType): void {
  if (type === 'ForceRestart') machine.setFault({ kind: 'no-boot' });
  if (type === 'ForceOff') machine.clearFault('no-boot');
}

function inPause({ lastPower, machine, personality }: Controller): boolean {
  return Date.now() - lastPower < (personality.powerPause * 1000) / machine.world.speed;
}

function resetTask({ machine, tasks }: Controller, type: ResetType): Reply {
  return tasks.accepted(tasks.begin(`Chassis ${type}`, 5, () => resetEnd(machine, type)));
}

/** Quirk 27: the task of a command without effect ends as an exception, with a status of OK. */
function resetEnd(machine: Machine, type: ResetType): TaskEnd {
  if (!findFault(machine.state.faults, 'lying-power')) return completed;
  return {
    state: 'Exception',
    status: 'OK',
    message: `${type} has returned success but power state of chassis did not change !!`,
  };
}

function isRedundant(type: ResetType, { power }: MachineState): boolean {
  return power === 'on' ? type === 'On' || type === 'ForceOn' : type === 'ForceOff';
}

function conflict(type: string, { power }: MachineState): Reply {
  return failure(
    409,
    'ResourceInStandby',
    `The request ${type} could not be performed: the system is powered ${power}.`,
    [type],
  );
}
