import { findFault } from '../faults.ts';
import { type SimMachine, type SimResetType, simResetTypes } from '../machine.ts';
import type { SimState } from '../state.ts';
import { deleteAccount, patchAccount, postAccount } from './accounts.ts';
import { patchBios, postBiosReset } from './bios.ts';
import { patchSystem } from './boot.ts';
import type { ChangeRequest } from './change.ts';
import type { Controller } from './controller.ts';
import { documentAt } from './documents.ts';
import { featureAct, featureMethods } from './feature/feature.ts';
import { clearSimLog } from './logs.ts';
import { empty, failure, notFound, type Reply, unknownParameter, wrongMethod, wrongValue } from './reply.ts';
import { patchEventService, submitTestEvent, subscribe, unsubscribe } from './subscriptions.ts';
import { completed, type TaskEnd } from './tasks.ts';
import { simpleUpdate, startUpdate } from './update.ts';

/** A change that some controllers know: who has it, what it takes, and what it does. */
interface Route {
  readonly method: 'POST' | 'PATCH' | 'DELETE';
  readonly path: RegExp;
  readonly has?: (controller: Controller) => boolean;
  /** Parameters that are heeded; anything else is refused. Absent where that is looked at closer to the resource. */
  readonly takes?: readonly string[];
  readonly act: (change: ChangeRequest, parts: readonly string[]) => Reply | Promise<Reply>;
}

const updateTakes = ['ImageURI', 'TransferProtocol', 'Username', 'Password', 'Targets'];

const routes: readonly Route[] = [
  {
    method: 'POST',
    path: /^\/Systems\/1\/Actions\/ComputerSystem\.Reset$/,
    takes: ['ResetType'],
    act: resetSystem,
  },
  {
    method: 'PATCH',
    path: /^\/Systems\/1$/,
    act: (change) => featureAct(change) ?? patchSystem(change.controller, change.body, 'system'),
  },
  {
    method: 'PATCH',
    path: /^\/Systems\/1\/Settings$/,
    act: ({ controller, body }) => patchSystem(controller, body, 'settings'),
  },
  {
    method: 'PATCH',
    path: /^\/Systems\/1\/Bios\/Settings$/,
    act: ({ controller, body }) => patchBios(controller, body),
  },
  {
    method: 'POST',
    path: /^\/Systems\/1\/Bios\/Actions\/Bios\.ResetBios$/,
    act: ({ controller, text }) => postBiosReset(controller, text),
  },
  {
    method: 'POST',
    path: /^\/Managers\/1\/Actions\/Manager\.Reset$/,
    takes: ['ResetType'],
    act: resetManager,
  },
  {
    method: 'POST',
    path: /^\/EventService\/Subscriptions$/,
    act: ({ controller, body }) => subscribe(controller, body),
  },
  {
    method: 'DELETE',
    path: /^\/EventService\/Subscriptions\/(\w{1,16})$/,
    act: ({ controller }, [id = '']) => unsubscribe(controller, id),
  },
  { method: 'PATCH', path: /^\/EventService$/, act: ({ controller, body }) => patchEventService(controller, body) },
  {
    method: 'POST',
    path: /^\/EventService\/Actions\/EventService\.SubmitTestEvent$/,
    act: ({ controller, body }) => submitTestEvent(controller, body),
  },
  {
    method: 'POST',
    path: /^\/AccountService\/Accounts$/,
    has: ({ personality }) => personality.slots === null,
    act: ({ controller, body }) => postAccount(controller, body),
  },
  {
    method: 'PATCH',
    path: /^\/AccountService\/Accounts\/(\w{1,16})$/,
    act: ({ controller, body }, [id = '']) => patchAccount(controller, id, body),
  },
  {
    method: 'DELETE',
    path: /^\/AccountService\/Accounts\/(\w{1,16})$/,
    has: ({ personality }) => personality.slots === null,
    act: ({ controller }, [id = '']) => deleteAccount(controller, id),
  },
  {
    method: 'POST',
    path: /^\/UpdateService\/Actions\/UpdateService\.SimpleUpdate$/,
    has: ({ personality }) => personality.update.simple !== null,
    takes: updateTakes,
    act: ({ controller, body }) => simpleUpdate(controller, body),
  },
  {
    method: 'POST',
    path: /^\/UpdateService\/Actions\/UpdateService\.StartUpdate$/,
    has: ({ personality }) => personality.update.twoPhase,
    takes: [],
    act: ({ controller }) => startUpdate(controller),
  },
  {
    method: 'POST',
    path: /^(\/\w+\/1)\/LogServices\/([\w-]+)\/Actions\/LogService\.ClearLog$/,
    takes: [],
    act: ({ controller }, [at = '', log = '']) => clearSimLog(controller, at, log),
  },
];

/** Carries out a POST, PATCH or DELETE of a controller. */
export async function act(change: ChangeRequest): Promise<Reply> {
  const { controller, method, path, body } = change;
  const route = routes.find((one) => one.method === method && one.path.test(path) && one.has?.(controller) !== false);
  if (route) {
    const strange = Object.keys(body).find((name) => !name.startsWith('@') && route.takes?.includes(name) === false);
    return strange ? unknownParameter(strange, path) : route.act(change, route.path.exec(path)?.slice(1) ?? []);
  }
  const more = featureAct(change);
  if (more) return more;
  return documentAt(path, controller) ? wrongMethod : notFound(`/redfish/v1${path}`);
}

/** Methods that a resource allows, as the header Allow tells them. */
export function methodsOf(path: string, controller: Controller): string[] {
  const known = routes.filter((one) => one.path.test(path) && one.has?.(controller) !== false);
  const sessions = path === '/SessionService/Sessions' ? ['POST'] : [];
  const session = /^\/SessionService\/Sessions\/[\w-]+$/.test(path) ? ['DELETE'] : [];
  const all = [...known.map(({ method }) => method), ...featureMethods(path, controller), ...sessions, ...session];
  return [...new Set(['GET', 'HEAD', ...all])];
}

function resetManager({ body, controller }: ChangeRequest): Reply {
  const { managerReset } = controller.personality.features;
  if (!managerReset.includes(String(body.ResetType))) return wrongValue(body.ResetType, 'ResetType');
  controller.restart('bmc');
  return empty;
}

async function resetSystem({ controller, body }: ChangeRequest): Promise<Reply> {
  const { machine, personality } = controller;
  const type = body.ResetType;
  if (type === 'Nmi' && personality.resetTypes.includes(type)) {
    machine.note('nmi', { by: 'bmc' });
    return empty;
  }
  const known = simResetTypes.find((one) => one === type);
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
function hang(machine: SimMachine, type: SimResetType): void {
  if (type === 'ForceRestart') machine.setFault({ kind: 'no-boot' });
  if (type === 'ForceOff') machine.clearFault('no-boot');
}

function inPause({ lastPower, machine, personality }: Controller): boolean {
  return Date.now() - lastPower < (personality.powerPauseSeconds * 1000) / machine.world.speed;
}

function resetTask({ machine, tasks }: Controller, type: SimResetType): Reply {
  return tasks.accepted(tasks.begin(`Chassis ${type}`, 5, () => resetEnd(machine, type)));
}

/** Quirk 27: the task of a command without effect ends as an exception, with a status of OK. */
function resetEnd(machine: SimMachine, type: SimResetType): TaskEnd {
  if (!findFault(machine.state.faults, 'lying-power')) return completed;
  return {
    state: 'Exception',
    status: 'OK',
    message: `${type} has returned success but power state of chassis did not change !!`,
  };
}

function isRedundant(type: SimResetType, { power }: SimState): boolean {
  return power === 'on' ? type === 'On' || type === 'ForceOn' : type === 'ForceOff';
}

function conflict(type: string, { power }: SimState): Reply {
  return failure(
    409,
    'ResourceInStandby',
    `The request ${type} could not be performed: the system is powered ${power}.`,
    [type],
  );
}
