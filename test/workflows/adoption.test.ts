import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { ApplicationFailure } from '@temporalio/common';
import { Worker } from '@temporalio/worker';
import { afterAll, expect, test } from 'vitest';
import { adoptionWorkflow, adoptionWorkflowId } from '../../contract/adoption.ts';
import { hardwareQueue } from '../../contract/machine.ts';
import type { AdoptionSeen } from '../../domain/adoption.ts';
import { timeSkipping } from '../support/temporal.ts';

const shared = await timeSkipping();
afterAll(() => shared?.teardown());

/** Runs one adoption at a site whose workers look so; gives what was written down. */
async function adopt(lookAtController: () => Promise<AdoptionSeen>): Promise<AdoptionSeen[]> {
  const ended: AdoptionSeen[] = [];
  const siteId = `site-${randomUUID().slice(0, 8)}`;
  if (shared === null) throw new Error('there is no test server');
  const { client, nativeConnection: connection } = shared;
  const worker = await Worker.create({
    ...{ connection, taskQueue: `adopting-${siteId}` },
    workflowsPath: fileURLToPath(new URL('../../workflows/adoption.ts', import.meta.url)),
    activities: { endAdoption: async ({ seen }: { seen: AdoptionSeen }) => void ended.push(seen) },
  });
  const site = await Worker.create({ connection, taskQueue: hardwareQueue(siteId), activities: { lookAtController } });
  const run = () =>
    client.workflow.execute(adoptionWorkflow, {
      ...{ taskQueue: `adopting-${siteId}`, workflowId: adoptionWorkflowId(siteId) },
      args: [{ adoptionId: 'a-1', siteId }],
    });
  await worker.runUntil(site.runUntil(run()));
  return ended;
}

test.skipIf(shared === null)('an adoption ends with what was seen, or with why nothing could be', async () => {
  const why = 'Controller https://10.9.0.1: it is no Redfish';
  expect(await adopt(async () => ({ why }))).toEqual([{ why }]);
  const broken = async () => {
    throw ApplicationFailure.nonRetryable('a fault of ours');
  };
  expect(await adopt(broken)).toEqual([{ why: 'its controller could not be looked at: a fault of ours' }]);
});
