import type { OpenDrain } from './drain.ts';

/** Machines on which nothing is scheduled: there is nothing to empty. */
export const openNone: OpenDrain = () => {
  const said = async () => 'the pool has no scheduler';
  const progress = async () => ({ drained: true, left: 0, sentence: 'the pool has no scheduler' });
  return { drain: { start: said, stop: said, kill: said, progress }, close: async () => {} };
};
