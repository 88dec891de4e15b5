/** The operators' actions: which steps each has, whose they are, and how long each may take. */
import type { Passage } from '../../domain/machine.ts';
import type { Course } from '../passage/run.ts';

const minute = 60_000;
const week = 7 * 24 * 60 * minute;

export const serviceSteps = ['drain', 'reboot', 'restore'] as const;
export type ServiceStep = (typeof serviceSteps)[number];

const owners = { drain: 'operations', reboot: 'hardware', restore: 'operations' } as const;
const limits = {
  // Jobs run for up to a week; the pool's own drain time-out is what ends the wait.
  drain: week,
  // A big server's self-test; the pool's own reboot time-out is what ends the wait.
  reboot: 30 * minute,
  // Health checks, each a minute after the other.
  restore: 30 * minute,
} as const;

export function serviceCourse(passage: Passage, steps: readonly ServiceStep[] = serviceSteps): Course<ServiceStep> {
  // Only what was certainly not done is tried again.
  return { passage, steps, owners, limits, powerTries: 3 };
}
