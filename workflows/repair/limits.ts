import type { Severity } from '../../domain/requests.ts';
import type { Course } from '../passage/run.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** A step a rung of the ladder, behind the diagnosis. */
export const repairSteps = [
  'diagnose',
  'observe',
  'restart',
  'reset-bmc',
  'power-cycle',
  'rebirth',
  'ticket',
  'rma',
  'retire',
] as const satisfies readonly ('diagnose' | Severity)[];
export type RepairStep = (typeof repairSteps)[number];

export const repairCourse: Course<RepairStep> = {
  passage: 'repair',
  steps: repairSteps,
  owners: {
    diagnose: 'operations',
    observe: 'operations',
    restart: 'operations',
    'reset-bmc': 'hardware',
    'power-cycle': 'hardware',
    rebirth: 'operations',
    ticket: 'hands',
    rma: 'hands',
    retire: 'operations',
  },
  limits: {
    // Reads of the MDB and one look at a controller that may be slow.
    diagnose: 15 * minute,
    // The pool's soak time, and the ones below it with their drain, reboot and soak.
    observe: hour,
    restart: 8 * day,
    'reset-bmc': hour,
    'power-cycle': 8 * day,
    rebirth: hour,
    // Hands come in working hours, parts by post.
    ticket: 7 * day,
    rma: 30 * day,
    retire: hour,
  },
  powerTries: 2,
};
