/** Random stories on a real Temporal server: the test server's clock gets stuck on workflows that are terminated. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { orderClasses } from '../../domain/machine.ts';
import { cacheFolder } from '../../host/cache.ts';
import { startTemporal } from '../../host/temporal.ts';
import type { PermitOutcome } from '../../workflows/passage/permits.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { service } from '../support/service.ts';
import { writeSite } from '../support/site.ts';
import { SemaphoreBench, startWorkers, writeRackMachines } from './bench.ts';

// Where the suites' own server is to be had, one more is too.
const { address } = await service('temporal');

describe.skipIf(!address)('a semaphore, on a server of its own', () => {
  let base: ThrowawayMdb;
  let workers: Awaited<ReturnType<typeof startWorkers>>;
  let server: Awaited<ReturnType<typeof startTemporal>>;
  let environment: TestWorkflowEnvironment;
  let scratch: string;
  let racks = 0;

  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'farrier-stories-'));
    const path = process.env['PATH'] ?? '';
    const logFile = join(scratch, 'log');
    server = await startTemporal({ dataFile: null, logFile, uiPort: null, cache: cacheFolder(process.env), path });
    environment = await TestWorkflowEnvironment.createFromExistingServer({ address: server.address });
    base = await throwawayMdb();
    await writeSite(base.mdb);
    workers = await startWorkers(environment, base.mdb);
  });
  afterAll(async () => {
    await workers?.stop();
    await environment?.teardown();
    await server?.stop();
    await base?.close();
    await rm(scratch, { recursive: true, force: true });
  });

  async function bench(run: (bench: SemaphoreBench) => Promise<void>): Promise<void> {
    racks += 1;
    const rack = `R${racks}`;
    await writeRackMachines(base.mdb, rack, 24);
    const one = new SemaphoreBench(environment, base.mdb, rack);
    await run(one).finally(() => one.end());
  }

  test('serves everyone who lives through requesters that die, resizes, terminations and runs that continue as new', async () => {
    const kinds = ['ask', 'ask', 'ask', 'done', 'done', 'cancel', 'die', 'resize', 'terminate', 'repeat'] as const;
    const story = fc.array(fc.tuple(fc.constantFrom(...kinds), fc.nat(100)), { minLength: 14, maxLength: 20 });
    const property = fc.asyncProperty(story, (happened) =>
      bench(async (one) => {
        await one.allow(1);
        await one.startShort(3);
        const runs = new Set<string>();
        const living: WorkflowHandle[] = [];
        const dead = new Set<string>();
        const pick = (which: number) => living[which % Math.max(1, living.length)];
        const told: Record<(typeof kinds)[number], (which: number) => Promise<unknown>> = {
          ask: async (which) => living.push(await one.ask({ class: orderClasses[which % 4] ?? 'clean' })),
          done: async (which) => pick(which)?.signal('done'),
          cancel: async (which) => pick(which)?.signal('cancel'),
          die: async (which) => {
            const [gone] = living.splice(which % Math.max(1, living.length), 1);
            if (gone) dead.add(gone.workflowId);
            await gone?.terminate('it died');
          },
          resize: async (which) => {
            await one.allow(1 + (which % 3));
            await one.semaphore.signal('wake').catch(() => {});
          },
          terminate: async () => {
            await one.semaphore.terminate('lost').catch(() => {});
            // Whoever asks next starts it again; its runs stay short.
            await one.startShort(3);
          },
          repeat: async () => {
            const [row] = await one.rows();
            if (row?.state === 'closed') await one.semaphore.signal('release', { id: row.id });
          },
        };
        for (const [what, which] of happened) {
          // A requester that has ended already takes no message.
          await told[what](which).catch(() => {});
          const held = (await one.rows()).filter(({ state }) => state === 'granted');
          expect(held.length).toBeLessThanOrEqual(3);
          runs.add((await one.semaphore.describe()).runId);
        }
        for (const handle of living) await handle.signal('done').catch(() => {});
        // No time is skipped, so a person takes from the dead what their leases would give on.
        await one.until(
          async () => {
            for (const { id, workflowId } of await one
              .rows()
              .then((rows) => rows.filter(({ state }) => state === 'granted')))
              if (dead.has(workflowId ?? ''))
                await one.semaphore.executeUpdate('evict', { args: [{ id, by: 'ann', reason: 'it died' }] });
            return (await one.rows()).filter(({ state }) => state !== 'closed');
          },
          (open) => open.length === 0,
        );
        const ends = await Promise.all(living.map((handle) => handle.result() as Promise<PermitOutcome>));
        expect(ends.every(({ state }) => state === 'granted' || state === 'cancelled')).toBe(true);
        // Three more runs at least, each forced by the messages that one may take. A requester that asked again after a
        // termination may have started one that takes more; now nobody is left to do that.
        await one.semaphore.terminate('its runs shall be short').catch(() => {});
        await one.startShort(3);
        const before = runs.size;
        await one.until(
          async () => {
            await one.semaphore.signal('renew', { id: 'nobody' });
            return runs.add((await one.semaphore.describe()).runId).size;
          },
          (size) => size >= before + 3,
        );
        const granted = (await one.rows()).filter(({ fence }) => fence !== null);
        const fences = granted.map(({ machineId, fence }) => `${machineId} ${fence}`);
        expect(new Set(fences).size).toBe(fences.length);
      }),
    );
    await fc.assert(property, { numRuns: 2, endOnFailure: true });
  });
});
