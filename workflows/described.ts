import type { PassageDescription } from '../domain/steps.ts';
import { definitions } from './passages.ts';

/** Every passage with its steps, as they are run from here. */
export const describedPassages: readonly PassageDescription[] = Object.values(definitions).map(
  ({ passage, steps }) => ({
    passage,
    steps: steps.map(({ name, does, owner, limit, undo }) => ({
      ...{ name, does, owner, undo },
      limitSeconds: typeof limit === 'number' ? limit / 1000 : null,
    })),
  }),
);
