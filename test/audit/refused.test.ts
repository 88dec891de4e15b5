/** What the audit keeps of a write that was refused: who, what and why, and nothing of what was sent along. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { operatorOf } from '../../api/people/operator.ts';
import { createPeopleApi } from '../../api/people/server.ts';
import { openAuthority } from '../../boot/authority.ts';
import { listAudit } from '../../mdb/audit/listing.ts';
import { verifyChain } from '../../mdb/audit/verify.ts';
import { everywhere } from '../api/accounts.ts';
import { throwawayMdb } from '../support/mdb.ts';

it('has no secret in it, whether of the body, the query or a header, and its chain is whole', async () => {
  const { mdb, close } = await throwawayMdb();
  const folder = await mkdtemp(join(tmpdir(), 'farrier-refused-'));
  const authority = await openAuthority(join(folder, 'authority'));
  const log = pino({ level: 'silent' });
  const identify = () => operatorOf('vera', everywhere('viewer'), 'token');
  const app = await createPeopleApi({ mdb, siteId: 'home', images: join(folder, 'images'), authority, log, identify });
  try {
    const headers = { authorization: 'Bearer tell-nobody', cookie: 'session=tell-nobody' };
    const writes = [
      { method: 'PUT', url: '/api/v1/pools/batch', payload: { drainSecretRef: 'tell-nobody', reason: 'tell-nobody' } },
      { method: 'POST', url: '/api/v1/orders', payload: { machine: 'tell-nobody', passage: 'clean', reason: 'r' } },
      { method: 'DELETE', url: '/api/v1/ticket-routes/hands?reason=tell-nobody' },
      { method: 'POST', url: '/api/v1/policies/pool/batch/restore', payload: { version: 1, reason: 'tell-nobody' } },
    ] as const;
    for (const write of writes) expect((await app.inject({ ...write, headers })).statusCode, write.url).toBe(403);
    expect((await app.inject({ url: '/api/v1/audit', headers })).statusCode).toBe(200);
    const kept = await listAudit(mdb, { limit: 100 });
    expect(kept.map(({ actor, action, detail }) => [actor, action, detail['request'], detail['status']])).toEqual([
      ['vera', 'request.refused', 'POST /policies/:kind/:subject/restore', 403],
      ['vera', 'request.refused', 'DELETE /ticket-routes/:team', 403],
      ['vera', 'request.refused', 'POST /orders', 403],
      ['vera', 'request.refused', 'PUT /pools/:id', 403],
    ]);
    expect(JSON.stringify(kept)).not.toContain('tell-nobody');
    expect(await verifyChain(mdb)).toMatchObject({ rows: 4, fault: null });
  } finally {
    await app.close();
    await close();
    await rm(folder, { recursive: true, force: true });
  }
});
