import { moveTo } from '../outage/move.ts';
import { takeOutOfService } from '../outage/takeout.ts';
import { definePassage } from '../passage/engine.ts';
import { done, next, refuse } from '../passage/result.ts';
import { limits, powerTries, refuseOutsideProduction } from './production.ts';

/** Start draining: production → draining, until it is empty. It stays there, or goes to a person, until somebody says more. */
export const drain = definePassage('drain', {
  facts: () => ({ emptied: 'drained' }),
  powerTries,
  refuse(context) {
    const { flow, afterDrain } = context.request;
    const refused = refuseOutsideProduction(context);
    if (refused !== null) return refused;
    return flow === 'basic' && afterDrain === 'intervention'
      ? refuse('the basic flow has no edge to intervention')
      : null;
  },
  steps: [
    {
      name: 'drain',
      does: 'takes the permit, takes it out of production and waits for its work to end',
      undo: 'it goes back into production as it was; once drained, "undrain" brings it back',
      owner: 'operations',
      limit: limits.drain,
      async run(context, effects) {
        const { flow, semaphores, drainBy, afterDrain } = context.request;
        const { past } = context.recall;
        // An earlier run had handed it to a person.
        if (past && past.from !== 'intervention' && context.state.opState === 'intervention') return next;
        context.facts.emptied = await takeOutOfService(context, effects, { semaphores, drainBy, flow, down: false });
        if (afterDrain === 'intervention') await moveTo(effects, 'intervention', flow, 'drained for a person');
        return next;
      },
    },
  ],
  finish: async ({ facts, request }) => done(`${facts.emptied}, and now ${request.afterDrain}`),
});
