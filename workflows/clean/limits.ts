import { type CleanStep, cleanSteps } from '../../contract/clean.ts';
import { limits as birth, owners as births } from '../birth/limits.ts';
import type { Course } from '../passage/run.ts';

const minute = 60_000;
const day = 24 * 60 * minute;

/** The clean's steps, whose they are, and how long each may take, in milliseconds. */
export const course: Course<CleanStep> = {
  passage: 'clean',
  steps: cleanSteps,
  owners: {
    leave: 'operations',
    boot: 'hands',
    erase: 'hardware',
    prove: 'hardware',
    deploy: births.deploy,
    ready: births.ready,
  },
  limits: {
    // A drain has its own limit, by pool; this only shows a step that is stuck.
    leave: 8 * day,
    boot: birth.rack,
    // A 20 TB disk of the spinning kind writes itself over in a day and a half.
    erase: 3 * day,
    prove: 10 * minute,
    deploy: birth.deploy,
    ready: birth.ready,
  },
  powerTries: 4,
};

/** How long a machine that nobody restarts may stay as it is before somebody is asked, in milliseconds. */
export const patience = 7 * day;
