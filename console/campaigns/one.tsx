import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Button } from 'react-aria-components/Button';
import { memberStates } from '../../domain/campaign/campaign.ts';
import { addressWith, go, useAddress } from '../address.tsx';
import { PageFrame } from '../frame/page.tsx';
import { PagePart } from '../frame/part.tsx';
import { Steer } from '../frame/steer.tsx';
import { outOfDateWith, useLive } from '../live.ts';
import { fetchCampaign } from './asking.ts';
import { PlanFacts, PlanGroups } from './facts.tsx';
import { Members } from './members.tsx';
import { RehearseButton } from './rehearsal.tsx';
import { actsOn } from './steering.ts';
import { stateWords } from './words.ts';

/** Machines that are shown at once; further ones when asked for. */
const pageSize = 500;

/** One campaign: its plan, how far it is, what can be done with it, and what became of each machine. */
export function OneCampaignPage({ name }: { readonly name: string }) {
  const live = useLive('', 'campaign');
  const address = useAddress();
  const state = address.searchParams.get('state') ?? '';
  const [limit, setLimit] = useState(pageSize);
  const detail = useQuery({
    queryKey: ['campaign', name, state, limit],
    queryFn: ({ signal }) => fetchCampaign(name, { state, limit }, signal),
    placeholderData: (before) => before,
    ...outOfDateWith('campaign'),
    ...live,
  });
  return (
    <PageFrame title={`Campaign ${name}`}>
      <div className="parts">
        <PagePart title="Plan and progress" query={detail}>
          {({ campaign }) => (
            <>
              <PlanFacts campaign={campaign} />
              <Steer what={campaign.id} acts={actsOn(campaign)} />
              {campaign.state === 'planned' && <RehearseButton id={campaign.id} />}
            </>
          )}
        </PagePart>
        <PagePart title="What it leaves in service" query={detail}>
          {({ groups }) => <PlanGroups groups={groups} />}
        </PagePart>
        <PagePart title="Machines" query={detail}>
          {({ campaign, members }) => (
            <>
              <label>
                Show{' '}
                <select
                  value={state}
                  onChange={({ target }) => go(addressWith(address, { state: target.value }), 'replace')}
                >
                  <option value="">all machines</option>
                  {memberStates.map((one) => (
                    <option key={one} value={one}>
                      {`${stateWords[one]}: ${campaign.counts[one].toLocaleString('en')}`}
                    </option>
                  ))}
                </select>
              </label>
              <Members members={members} />
              {members.length === limit && (
                <p>
                  <Button onPress={() => setLimit(limit + pageSize)}>{`Show ${pageSize} more`}</Button>
                </p>
              )}
            </>
          )}
        </PagePart>
      </div>
    </PageFrame>
  );
}
