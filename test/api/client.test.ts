import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ApiClient, FarrierClient } from '../../client/index.ts';
import { machineWorkflowId, passageWorkflowId } from '../../contract/machine.ts';
import { service } from '../support/service.ts';

let farrier: FarrierClient;
const machineId = `m-${randomBytes(6).toString('hex')}`;
const api = { url: 'http://127.0.0.1:1' };

beforeAll(async () => {
  const { address = '', why } = await service('temporal');
  if (why !== undefined) throw new Error(why);
  farrier = await FarrierClient.connect({ api, temporal: { address } });
});
afterAll(async () => {
  await farrier?.temporal.workflow.getHandle(machineWorkflowId(machineId)).terminate('the test is over');
  await farrier?.close();
});

it('tells an order to the one workflow of the machine, starting it the first time', async () => {
  const machine = { machineId, siteId: 'home' };
  await farrier.signalOrder(machine, { id: 'o-1', passage: 'birth' });
  const first = await farrier.temporal.workflow.getHandle(machineWorkflowId(machineId)).describe();
  await farrier.signalOrder(machine, { id: 'o-1', passage: 'birth' });
  const second = await farrier.temporal.workflow.getHandle(machineWorkflowId(machineId)).describe();
  expect(first).toMatchObject({ type: 'machine', taskQueue: 'lifecycle', status: { name: 'RUNNING' } });
  expect(second.runId).toBe(first.runId);
});

it('says which passage there is none of', async () => {
  const answer = { step: 's', answer: 'retry', by: 'ann' };
  await expect(farrier.answer(machineId, 'birth', 'none', answer)).rejects.toMatchObject({
    name: 'WorkflowNotFoundError',
    workflowId: passageWorkflowId(machineId, 'birth', 'none'),
  });
});

it('says that the API does not answer', async () => {
  await expect(farrier.api.racks()).rejects.toMatchObject({ name: 'ApiProblem', status: 0, code: 'unreachable' });
});

it('does not wait for a Temporal that is not there', async () => {
  await expect(FarrierClient.connect({ api, temporal: { address: '127.0.0.1:1' } })).rejects.toThrow();
});

it.each([
  ['a problem body', { code: 'conflict', detail: 'it is taken', field: 'unit', error: { code: 'x', message: 'y' } }],
  ['the form of before', { error: { code: 'conflict', message: 'it is taken', field: 'unit' } }],
])('reads a refusal from %s', async (_what, body) => {
  const server = createServer((_request, response) => {
    response.writeHead(409, { 'farrier-api': '1', 'content-type': 'application/problem+json' });
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const refused = new ApiClient({ url: `http://127.0.0.1:${port}` }).racks();
  await expect(refused).rejects.toMatchObject({ status: 409, code: 'conflict', message: 'it is taken', field: 'unit' });
  server.close();
});
