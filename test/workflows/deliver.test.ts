import type { Client } from '@temporalio/client';
import { expect, test } from 'vitest';
import type { DueMessage } from '../../mdb/outbox.ts';
import { deliver } from '../../workers/deliver.ts';

const report: DueMessage = {
  id: 1,
  key: 'report/n/inventory',
  kind: 'report',
  payload: {},
  attempts: 1,
  machineId: 'm-1',
  siteId: 'home',
  orderId: 'o-1',
  passage: 'birth',
  orderState: 'waiting',
};

test('a report of a machine whose order waits is put off without asking Temporal, and delivered once it runs', async () => {
  const signalled: string[] = [];
  const client = {
    workflow: { getHandle: (id: string) => ({ signal: async () => void signalled.push(id) }) },
  } as unknown as Client;
  expect(await deliver(client, report)).toEqual({ to: 'later', error: 'its passage has not begun yet' });
  expect(signalled).toEqual([]);
  expect(await deliver(client, { ...report, orderState: 'running' })).toEqual({ to: 'delivered' });
  expect(signalled).toHaveLength(1);
});

test('a cancel of an order that waits is not put off', async () => {
  const signalled: string[] = [];
  const client = {
    workflow: { getHandle: (id: string) => ({ signal: async () => void signalled.push(id) }) },
  } as unknown as Client;
  expect(await deliver(client, { ...report, kind: 'cancel' })).toEqual({ to: 'delivered' });
  expect(signalled).toHaveLength(1);
});
