import type { CampaignDetail } from '../../contract/campaignschemas.ts';
import { machineAddress, PageLink } from '../address.tsx';
import { Table } from '../machine/table.tsx';
import { countOf, shownName } from '../words.ts';
import { describeOutcome, stateWords } from './words.ts';

/** In the order in which they are taken: canaries first. */
export function Members({ members }: Pick<CampaignDetail, 'members'>) {
  if (members.length === 0) return <p className="empty">None of its machines is that.</p>;
  return (
    <>
      <p role="status">{`${countOf(members.length, 'machine')} shown`}</p>
      <Table
        title="Machines in their order"
        head={['Machine', 'Batch', 'Rack', 'Feed', 'Pool', 'State', 'Order', 'Rehearsal', 'Outcome']}
        rows={members.map((member) => ({
          key: member.machineId,
          isMarked: member.state === 'failed',
          cells: [
            <PageLink key="machine" href={machineAddress(member.machineId)}>
              {shownName({ id: member.machineId, hostname: member.hostname })}
            </PageLink>,
            member.batch === 0 ? 'canary' : member.batch,
            member.rack ?? '–',
            member.feed ?? '–',
            member.pool,
            stateWords[member.state],
            member.orderId ?? '–',
            member.plan === null ? '–' : member.plan.slice(0, 12),
            describeOutcome(member),
          ],
        }))}
      />
    </>
  );
}
