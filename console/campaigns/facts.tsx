import type { ReactNode } from 'react';
import type { CampaignDetail, CampaignView } from '../../contract/campaignschemas.ts';
import { consolePages } from '../../contract/pages.ts';
import { PageLink } from '../address.tsx';
import { Facts } from '../machine/status.tsx';
import { Table } from '../machine/table.tsx';
import { formatSpan, formatTime } from '../time.ts';
import { countOf, plainWord } from '../words.ts';
import { ProgressBar } from './progress.tsx';
import { describeCanary, describePace, describeWindow } from './words.ts';

const phases = {
  canary: 'canaries',
  soak: 'canaries have to stay healthy',
  batches: 'batches',
  ended: 'ended',
} as const;

/** What was planned, by whom and why, and how far it is. */
export function PlanFacts({ campaign }: { readonly campaign: CampaignView }) {
  const { pace, state, phase, startedAt } = campaign;
  const rows: readonly [string, ReactNode][] = [
    ['State', state === 'planned' ? 'planned: nothing of it is done yet' : `${plainWord(state)}, ${phases[phase]}`],
    ...(campaign.why === null ? [] : [['Why it stands', campaign.why] as [string, ReactNode]]),
    ['Progress', <ProgressBar key="progress" campaign={campaign} />],
    ['Time left', campaign.timeLeft === null ? 'not known yet' : `about ${formatSpan(campaign.timeLeft)}`],
    ['What', describeRequest(campaign)],
    ['Machines', <Meant key="meant" campaign={campaign} />],
    ['Why', campaign.reason],
    ['Planned', `${formatTime(campaign.createdAt)} by ${campaign.requester}`],
    ['Started', startedAt === null ? 'not yet' : `${formatTime(startedAt)} by ${campaign.startedBy ?? 'nobody'}`],
    ...(campaign.endedAt === null ? [] : [['Ended', formatTime(campaign.endedAt)] as [string, ReactNode]]),
    ['Canaries', describeCanary(pace)],
    ['Pace', describePace(pace)],
    ['Windows', pace.windows.length === 0 ? 'at any time' : pace.windows.map(describeWindow).join('; ')],
    ['Halts at', countOf(campaign.haltAt, 'failure')],
    ...(campaign.ticketId === null ? [] : [['Ticket', campaign.ticketId] as [string, ReactNode]]),
    ['Plan’s hash', <code key="hash">{campaign.hash}</code>],
  ];
  return <Facts rows={rows} />;
}

function describeRequest({ passage, request, class: urgency }: CampaignView): string {
  const asked = Object.keys(request).length === 0 ? '' : ` ${JSON.stringify(request)}`;
  return `${passage}${asked}${urgency === null ? '' : `, as ${urgency}`}`;
}

function Meant({ campaign: { machines, selector } }: { readonly campaign: CampaignView }) {
  return (
    <>
      {countOf(machines, 'machine')}:{' '}
      <PageLink href={`${consolePages.fleet}?selector=${encodeURIComponent(selector)}`}>{selector}</PageLink>
    </>
  );
}

/** Group by group, what would be in service while it runs, beside what must be. */
export function PlanGroups({ groups }: Pick<CampaignDetail, 'groups'>) {
  if (groups.length === 0) return <p className="quiet">No group of its machines has been in service.</p>;
  return (
    <Table
      title="What it leaves in service"
      head={['Group', 'Machines', 'At once', 'In service', 'Leaves', 'Must keep', 'Note']}
      rows={groups.map(({ scope, name, machines, atOnce, have, leaves, need, short }) => ({
        key: `${scope} ${name}`,
        isMarked: short,
        cells: [
          scope === 'fleet' ? 'fleet' : `${scope} ${name}`,
          ...[machines, atOnce, have, leaves, need],
          short ? 'the guard will hold some back' : '–',
        ],
      }))}
    />
  );
}
