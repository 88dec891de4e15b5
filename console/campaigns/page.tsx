import { useQuery } from '@tanstack/react-query';
import type { CampaignView } from '../../contract/campaignschemas.ts';
import { campaignStates } from '../../domain/campaign/campaign.ts';
import { addressWith, go, PageLink, useAddress } from '../address.tsx';
import { useNow } from '../frame/now.ts';
import { PageFrame } from '../frame/page.tsx';
import { PagePart } from '../frame/part.tsx';
import { outOfDateWith, useLive } from '../live.ts';
import { Table } from '../machine/table.tsx';
import { formatAgo, formatSpan } from '../time.ts';
import { countOf, plainWord } from '../words.ts';
import { fetchCampaigns } from './asking.ts';
import { ProgressBar } from './progress.tsx';

/** Campaigns that are shown at once. */
const limit = 200;

/** One order over many machines each: how far they are, newest first. */
export function CampaignsPage() {
  const live = useLive('', 'campaign');
  const address = useAddress();
  const state = address.searchParams.get('state') ?? '';
  const campaigns = useQuery({
    queryKey: ['campaigns', state],
    queryFn: ({ signal }) => fetchCampaigns({ state, limit }, signal),
    ...outOfDateWith('campaign'),
    ...live,
  });
  return (
    <PageFrame title="Campaigns">
      <label>
        State{' '}
        <select value={state} onChange={({ target }) => go(addressWith(address, { state: target.value }), 'replace')}>
          <option value="">every state</option>
          {campaignStates.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      </label>
      <PagePart title="One order over many machines" query={campaigns}>
        {(slice) =>
          slice.total === 0 ? (
            <p className="empty">
              {state === ''
                ? 'Nothing was planned yet. A plan begins in the fleet, with the machines that a selector means.'
                : `No campaign is ${state}.`}
            </p>
          ) : (
            <>
              <CampaignTable campaigns={slice.campaigns} />
              {slice.total > limit && <p className="quiet">{`The newest ${limit} of ${slice.total}.`}</p>}
            </>
          )
        }
      </PagePart>
    </PageFrame>
  );
}

export const campaignAddress = (id: string) => `/campaigns/${encodeURIComponent(id)}`;

function CampaignTable({ campaigns }: { readonly campaigns: readonly CampaignView[] }) {
  const nowMs = useNow(10_000);
  return (
    <>
      <p role="status">{countOf(campaigns.length, 'campaign')}</p>
      <Table
        title="Campaigns"
        head={['Campaign', 'What', 'State', 'Progress', 'Time left', 'By', 'Planned', 'Why it stands']}
        rows={campaigns.map((campaign) => ({
          key: campaign.id,
          isMarked: campaign.state === 'paused',
          cells: [
            <PageLink key="id" href={campaignAddress(campaign.id)}>
              {campaign.id}
            </PageLink>,
            campaign.passage,
            plainWord(campaign.state),
            <ProgressBar key="progress" campaign={campaign} />,
            campaign.timeLeft === null ? '–' : formatSpan(campaign.timeLeft),
            campaign.requester,
            formatAgo(campaign.createdAt, nowMs),
            campaign.why ?? '–',
          ],
        }))}
      />
    </>
  );
}
