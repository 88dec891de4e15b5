import type { BirthStep } from '../../contract/birth.ts';

const second = 1000;
const minute = 60 * second;

/** Time limits of the birth's steps, in milliseconds. */
export const limits = {
  // A big server's power-on self-test takes up to a quarter of an hour, twice that when it retrains its memory.
  rack: 30 * minute,
  // Transactions of the MDB; the limit only shows a step that is stuck.
  register: 10 * minute,
  // Reads of a controller that may be slow (quirk 11), and one reboot where BIOS settings have to be applied.
  configure: 30 * minute,
  // The burn-in's own cap comes from the machine's profile; this is what reporting may take beyond it.
  profile: 15 * minute,
  // A 1 GB image at a fair share of the image system's rate, file systems on large disks, and one retry.
  deploy: 60 * minute,
  // One reboot with its self-test.
  ready: 30 * minute,
} as const satisfies Record<BirthStep, number>;

/** Teams that a step's questions go to. */
export const owners: Record<BirthStep, string> = {
  rack: 'hands',
  register: 'network',
  configure: 'hardware',
  profile: 'hardware',
  deploy: 'hardware',
  ready: 'operations',
};
