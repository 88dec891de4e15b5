import type { Course } from '../passage/run.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

export const maintenanceSteps = ['window', 'drain', 'work', 'restore', 'soak'] as const;
export type MaintenanceStep = (typeof maintenanceSteps)[number];

export const maintenanceCourse: Course<MaintenanceStep> = {
  passage: 'maintenance',
  steps: maintenanceSteps,
  owners: { window: 'operations', drain: 'operations', work: 'hardware', restore: 'hardware', soak: 'operations' },
  limits: {
    // Windows are agreed upon weeks before.
    window: 90 * day,
    // The pool's drain time-out is what ends the wait.
    drain: 7 * day,
    // Firmware of several components, each verified and flashed, and the reboots between.
    work: 6 * hour,
    restore: 30 * minute,
    // The pool says how long; this is the longest it may.
    soak: day,
  },
  // One reboot a batch of work, and a few batches.
  powerTries: 8,
};
