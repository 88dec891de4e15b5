/** A people's API with the console, on loopback, over an MDB of the test's own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { pino } from 'pino';
import type { Operator } from '../../api/people/operator.ts';
import { createPeopleApi } from '../../api/people/server.ts';
import { openAuthority } from '../../boot/authority.ts';
import { connectMdb, type Mdb } from '../../mdb/connect.ts';
import { throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';

export const builtConsole = join(import.meta.dirname, '..', '..', 'console', 'dist');

export interface Served {
  readonly origin: string;
  readonly mdb: Mdb;
  close(): Promise<void>;
}

/** `identify`: who asks; whoever does on loopback unless told. */
export async function serveConsoleApi(
  spec: { racks?: number; perRack?: number; identify?: () => Operator | null; trustsLoopback?: boolean } = {},
): Promise<Served> {
  const base = await throwawayMdb();
  const folder = await mkdtemp(join(tmpdir(), 'farrier-console-'));
  const connection = connectMdb({ url: base.url, name: 'console', connections: 5 });
  const app = await createPeopleApi({
    mdb: connection.mdb,
    listen: connection.listen,
    siteId: 'home',
    images: join(folder, 'images'),
    authority: await openAuthority(join(folder, 'authority')),
    log: pino({ level: 'silent' }),
    console: builtConsole,
    temporal: { ui: 'http://127.0.0.1:8233', namespace: 'default' },
    ...(spec.identify && { identify: spec.identify }),
    trustsLoopback: spec.trustsLoopback ?? true,
  });
  await writeSite(base.mdb, { racks: spec.racks ?? 2, perRack: spec.perRack ?? 1 });
  const origin = await app.listen({ host: '127.0.0.1', port: 0 });
  return {
    origin,
    mdb: base.mdb,
    close: async () => {
      await app.close();
      await connection.close();
      await base.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** Machines `m-00001` …, forty to a rack, of which every hundredth is held and every tenth is new. */
export async function writeMachines(mdb: Mdb, count: number): Promise<void> {
  await mdb.execute(sql`
    insert into machines (id, site_id, mac, hostname, rack_id, unit, stage, op_state, boot_state, held, last_seen_at)
    select 'm-' || lpad(n::text, 5, '0'), 'home',
      ('02:00:00:' || to_char(n / 10000, 'FM00') || ':' || to_char(n / 100 % 100, 'FM00') || ':' || to_char(n % 100, 'FM00'))::macaddr,
      'node-' || lpad(n::text, 5, '0'), 'A' || to_char((n - 1) / 40 + 1, 'FM9900'), (n - 1) % 40 + 1,
      case when n % 10 = 0 then 'racked' else 'in_service' end::stage,
      case when n % 10 = 0 then 'disabled' else 'production' end::op_state,
      case when n % 10 = 0 then 'birth' else 'healthy' end::boot_state,
      case when n % 100 = 0 then 'its port is unknown' end, now()
    from generate_series(1, ${count}) n`);
}
