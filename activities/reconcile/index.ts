import { Context } from '@temporalio/activity';
import type { ReconcileInput, ReconcileSummary } from '../../contract/reconcile.ts';
import { checkRequest } from '../../contract/requestschemas.ts';
import { compareMachine } from '../../domain/drift/diff.ts';
import { isStillRight, propose } from '../../domain/drift/proposals.ts';
import type { MaintenanceRequest } from '../../domain/requests.ts';
import { acting, type Transaction } from '../../mdb/acting.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { closeRetired, type DriftCounts, keepFindings } from '../../mdb/drift/drifts.ts';
import { readFacts } from '../../mdb/drift/facts.ts';
import { listAmendable, listPlanned, proposeCampaign, reconciler, withdraw } from '../../mdb/drift/proposals.ts';
import { beginRound, endRound, lockSite } from '../../mdb/drift/rounds.ts';
import { readerOf } from './firmware.ts';

/** Machines of one transaction. */
const page = 200;

type Compared = Pick<ReconcileSummary, 'machines' | keyof DriftCounts>;
type Proposed = Pick<ReconcileSummary, 'planned' | 'started' | 'withdrawn'>;

/** What the reconciler does in the MDB. Each may run more than once: what counts is what the MDB says. */
export function createReconcileActivities(mdb: Mdb) {
  return {
    /** Notes the round; gives when it began, as ISO 8601. */
    async beginReconcile({ siteId, roundId }: ReconcileInput & { roundId: string }): Promise<string> {
      return (await beginRound(mdb, siteId, roundId)).toISOString();
    },

    /** Compares every machine of the site, and keeps what is found. */
    async compareSite({ siteId }: ReconcileInput): Promise<Compared> {
      const sum = { machines: 0, conformant: 0, drifting: 0, unknown: 0, found: 0, resolved: 0 };
      for (let after: string | null = ''; after !== null; ) {
        Context.current().heartbeat();
        const [kept, last, machines]: readonly [DriftCounts, string | null, number] = await comparePage(
          mdb,
          siteId,
          after,
        );
        for (const name of Object.keys(kept) as (keyof DriftCounts)[]) sum[name] += kept[name];
        sum.machines += machines;
        after = last;
      }
      return sum;
    },

    /** Takes back plans that are for nothing any more, and plans what the pools leave to the reconciler. */
    proposeCampaigns: ({ siteId }: ReconcileInput): Promise<Proposed> =>
      acting(mdb, reconciler, null, async (tx) => {
        await lockSite(tx, siteId);
        const withdrawn = await withdrawStale(tx, siteId);
        const made: Awaited<ReturnType<typeof proposeCampaign>>[] = [];
        for (const proposal of propose(await listAmendable(tx, siteId), checked))
          made.push(await proposeCampaign(tx, proposal));
        const ids = (started: boolean) => made.filter((one) => one.started === started).map(({ id }) => id);
        return { planned: ids(false), started: ids(true), withdrawn };
      }),

    endReconcile: ({ roundId, summary }: { roundId: string; summary: ReconcileSummary }): Promise<void> =>
      endRound(mdb, roundId, summary),
  };
}

export type ReconcileActivities = ReturnType<typeof createReconcileActivities>;

async function comparePage(
  mdb: Mdb,
  siteId: string,
  after: string,
): Promise<readonly [DriftCounts, string | null, number]> {
  return acting(mdb, reconciler, null, async (tx) => {
    await lockSite(tx, siteId);
    if (after === '') await closeRetired(tx, siteId);
    const facts = await readFacts(tx, siteId, after, page);
    const judged = facts.map((context) => ({
      machineId: context.machineId,
      ...compareMachine(context, Date.now(), readerOf(context)),
    }));
    const last = facts.length < page ? null : (facts.at(-1)?.machineId ?? null);
    return [await keepFindings(tx, judged), last, facts.length] as const;
  });
}

async function withdrawStale(tx: Transaction, siteId: string): Promise<string[]> {
  const stale = (await listPlanned(tx, siteId)).filter((planned) => !isStillRight(planned, checked));
  for (const { campaignId } of stale)
    await withdraw(tx, campaignId, 'its machines stand otherwise, or need another thing by now');
  return stale.map(({ campaignId }) => campaignId);
}

/** As the API would take it. */
function checked(request: MaintenanceRequest): MaintenanceRequest | null {
  const read = checkRequest('maintenance', request);
  return read.ok ? read.request : null;
}
