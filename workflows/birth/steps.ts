import { planned, type Step } from '../passage/definition.ts';
import { done, type Ended } from '../passage/result.ts';
import { bootLimitMs } from './boot.ts';
import { configure } from './configure.ts';
import { deploy } from './deploy.ts';
import type { BirthContext, BirthFacts, InstallFacts } from './facts.ts';
import { profile } from './profile.ts';
import { rack } from './rack.ts';
import { ready } from './ready.ts';
import { register } from './register.ts';

const minute = 60_000;

/** The last steps of everything that installs a machine. */
export const deployStep: Step<unknown, InstallFacts> = {
  name: 'deploy',
  does: 'has the agent make keys, partitions and file systems and write the image, and takes it into the MDB',
  undo: 'nothing: what was on the disks is gone with their keys; another birth writes them anew',
  owner: 'hardware',
  // A 1 GB image at a fair share of the image system's rate, file systems on large disks, and one retry.
  limit: 60 * minute,
  run: deploy,
  foresee: planned('install the image that follows from it'),
};
export const readyStep: Step<unknown, InstallFacts> = {
  name: 'ready',
  does: 'waits until the installed system has said from its own disk who it is, which puts it in service',
  undo: 'nothing: it is installed, and stands held until a person has looked',
  owner: 'operations',
  // One reboot with its self-test.
  limit: 30 * minute,
  run: ready,
  foresee: planned('hand over to the installed system, which says who it is'),
};

/** The steps of a birth. */
export const birthSteps: readonly Step<unknown, BirthFacts>[] = [
  {
    name: 'rack',
    does: 'has it boot the bootstrap image, and waits for the inventory that its agent reports',
    undo: 'nothing is to be undone: no disk was written; it stays held in its rack',
    owner: 'hands',
    limit: bootLimitMs,
    run: rack,
  },
  {
    name: 'register',
    does: 'finds out who it is and where it stands, and gives it its name, its address and leave to be written',
    undo: 'nothing: name and address stay its own for the next birth; retire gives them back',
    owner: 'network',
    // Transactions of the MDB; the limit only shows a step that is stuck.
    limit: 10 * minute,
    run: register,
    foresee: planned('from its inventory on as at its birth: who and where it is'),
  },
  {
    name: 'configure',
    does: 'checks that its controller is its own, and sets the BIOS as its profile wants it',
    undo: 'nothing: settings stay as the profile wants them, and the next birth finds them so',
    owner: 'hardware',
    // Reads of a controller that may be slow (quirk 11), and one reboot where BIOS settings have to be applied.
    limit: 30 * minute,
    run: configure,
    foresee: planned('the BIOS settings of its profile'),
  },
  {
    name: 'profile',
    does: 'burns it in, holds the figures against its profile and its peers, and chooses its image by them',
    undo: 'nothing is to be undone: figures are kept; one that fails gets the debug image and is not offered',
    owner: 'hardware',
    // The burn-in's own cap comes from the machine's profile; this is what reporting may take beyond it.
    limit: 15 * minute,
    run: profile,
    foresee: planned('burn it in'),
  },
  deployStep,
  readyStep,
];

/** Where an earlier run stood; one whose machine had just booted anew starts over from its inventory. */
export function resumesAt({ recall: { at, past } }: BirthContext): string {
  return past?.at === null && past.ended.includes('rack') ? 'register' : (at ?? 'rack');
}

/** The transaction that took the installed system's own report has ended the order. */
export async function endInService({ facts: { hostname } }: BirthContext): Promise<Ended> {
  return { ...done(hostname === null ? 'in service' : `in service as ${hostname}`), recorded: true };
}
