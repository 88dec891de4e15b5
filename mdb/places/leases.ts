import type { Pool } from '../connect.ts';

/** A network in which machines ask for addresses. */
export interface LeaseNetwork {
  readonly id: string;
  readonly kind: 'birth' | 'main';
  readonly cidr: string;
  readonly gateway: string | null;
  readonly dns: readonly string[];
  /** First and last address of the pool; null where addresses follow from the position. */
  readonly first: string | null;
  readonly last: string | null;
}

/** The networks of a site that machines boot in, in a stable order. */
export async function leaseNetworks(pool: Pool, siteId: string): Promise<LeaseNetwork[]> {
  const rows = await pool.query<LeaseNetwork>(
    `select n.id, n.kind, n.cidr, host(n.gateway) as gateway, n.dns, host(p.first) as first, host(p.last) as last
     from networks n left join lateral (
       select min(address) as first, max(address) as last from addresses a where a.network_id = n.id
     ) p on true
     where n.site_id = $1 and n.kind in ('birth', 'main') order by n.kind, n.id`,
    [siteId],
  );
  return rows;
}

/** Who gets which address: the temporary one in state *birth*, else the permanent one. */
export interface Lease {
  readonly mac: string;
  readonly address: string;
}

export async function leases(pool: Pool, siteId: string): Promise<Lease[]> {
  const rows = await pool.query<Lease>(
    `select mac, host(address) as address from (
       select mac::text as mac, case when boot_state = 'birth' then temporary_address
         else coalesce(address, temporary_address) end as address
       from machines where site_id = $1
     ) l where address is not null order by mac`,
    [siteId],
  );
  return rows;
}

/** A text that changes whenever any machine of the site has changed, far cheaper than reading them. */
export async function machinesFingerprint(pool: Pool, siteId: string): Promise<string> {
  const rows = await pool.query<{ print: string }>(
    `select count(*) || '/' || coalesce(sum(version), 0) as print from machines where site_id = $1`,
    [siteId],
  );
  return rows[0]?.print ?? '';
}
