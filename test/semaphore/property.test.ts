import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { happenings, SemaphoreWorld } from './world.ts';

const happening = fc.tuple(fc.constantFrom(...happenings), fc.nat(2000));
const story = fc.array(happening, { minLength: 30, maxLength: 250, size: 'max' });

describe('a semaphore in a world where everything goes wrong', () => {
  test('never grants above its capacity, raises fences, keeps the permits of machines that are down, and serves all', () => {
    let continued = 0;
    let granted = 0;
    // Synchronous, as the property is.
    void fc.assert(
      fc.property(story, (happened) => {
        const world = new SemaphoreWorld();
        // Three runs continue as new wherever the story stands.
        const forced = [1, 2, 3].map((quarter) => Math.floor((happened.length * quarter) / 4));
        for (const [index, [what, which]] of happened.entries()) {
          world.happen(what, which);
          if (forced.includes(index)) world.forceContinue();
        }
        world.calmDown();
        expect(world.waiting.map(({ name }) => name)).toEqual([]);
        expect(world.ledger.held).toEqual([]);
        continued += world.continued;
        granted += world.ledger.grants.length;
      }),
      { numRuns: 1000 },
    );
    // The stories are about something.
    expect(continued).toBeGreaterThanOrEqual(3000);
    expect(granted).toBeGreaterThan(2000);
  });
});
