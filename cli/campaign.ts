import { type Command, Option } from 'commander';
import type { CampaignDetail, CampaignRequest, CampaignView } from '../contract/campaignschemas.ts';
import type { Seconds } from '../domain/duration.ts';
import { orderClasses } from '../domain/machine.ts';
import { wholeNumber } from './arguments.ts';
import type { Context, Open } from './context.ts';
import { age, moment } from './format.ts';
import { readJson } from './ordering.ts';
import type { Column } from './table.ts';
import { awaitCampaign, exitOfCampaign, secondsOf, type Wait, waitOption } from './waiting.ts';
import { watched } from './watch.ts';

const columns = (now: number): Column<CampaignView>[] => [
  { title: 'campaign', cell: ({ id }) => id },
  { title: 'passage', cell: ({ passage }) => passage },
  { title: 'state', cell: ({ state }) => state },
  { title: 'phase', cell: ({ phase }) => phase },
  { title: 'machines', cell: ({ machines }) => machines, align: 'right' },
  { title: 'done', cell: ({ counts }) => counts.done, align: 'right' },
  { title: 'failed', cell: ({ counts }) => counts.failed, align: 'right' },
  { title: 'skipped', cell: ({ counts }) => counts.skipped, align: 'right' },
  { title: 'under way', cell: ({ counts }) => counts.ordered, align: 'right' },
  { title: 'left', cell: ({ timeLeft }) => minutes(timeLeft), align: 'right' },
  { title: 'age', cell: ({ createdAt }) => age(createdAt, now), align: 'right' },
  { title: 'why', cell: ({ why }) => why, flexible: true },
];

const groupColumns: Column<CampaignDetail['groups'][number]>[] = [
  { title: 'group', cell: ({ scope, name }) => (scope === 'fleet' ? 'fleet' : `${scope} ${name}`) },
  { title: 'machines', cell: ({ machines }) => machines, align: 'right' },
  { title: 'at once', cell: ({ atOnce }) => atOnce, align: 'right' },
  { title: 'in service', cell: ({ have }) => have, align: 'right' },
  { title: 'leaves', cell: ({ leaves }) => leaves, align: 'right' },
  { title: 'must keep', cell: ({ need }) => need, align: 'right' },
  { title: '', cell: ({ short }) => (short ? 'the guard will hold some back' : null) },
];

const memberColumns: Column<CampaignDetail['members'][number]>[] = [
  { title: 'batch', cell: ({ batch }) => (batch === 0 ? 'canary' : batch) },
  { title: 'machine', cell: ({ hostname, machineId }) => hostname ?? machineId },
  { title: 'rack', cell: ({ rack }) => rack },
  { title: 'feed', cell: ({ feed }) => feed },
  { title: 'pool', cell: ({ pool }) => pool },
  { title: 'state', cell: ({ state }) => state },
  { title: 'order', cell: ({ orderId }) => orderId },
  { title: 'rehearsal', cell: ({ plan }) => plan?.slice(0, 12) },
  {
    title: 'outcome',
    cell: ({ outcome, doubt, state }) =>
      outcome ?? (state === 'planned' && doubt !== null ? `doubtful: ${doubt}` : null),
    flexible: true,
  },
];

function minutes(seconds: number | null): string | null {
  if (seconds === null) return null;
  return seconds < 5400 ? `${Math.ceil(seconds / 60)}m` : `${Math.ceil(seconds / 3600)}h`;
}

export function addCampaign(program: Command, open: Open): void {
  const campaign = program.command('campaign');
  addPlan(campaign, open);
  addSteering(campaign, open);
  const list = campaign.command('ls').alias('list').description('list campaigns');
  watched(list, open, ['campaign', 'order'], async ({ api, screen, now }) => {
    const campaigns = await api.campaigns();
    screen.answer(campaigns, () => screen.table(columns(now), campaigns, 'There is no campaign.'));
  });
  const show = campaign
    .command('show')
    .description('show its plan, how far it is, and what became of each machine')
    .argument('<campaign>', 'its id')
    .addOption(
      new Option('--state <state>', 'only machines with this outcome').choices([
        ...['planned', 'ordered', 'done', 'failed', 'skipped', 'cancelled'],
      ]),
    )
    .option('--limit <count>', 'machines to show', wholeNumber(0, 10_000));
  watched(
    show,
    open,
    ['campaign', 'order'],
    async ({ api, screen }, id: string, page: Parameters<Context['api']['campaign']>[1]) => {
      const detail = await api.campaign(id, page);
      screen.answer(detail, () => showDetail(screen, detail));
    },
  );
  campaign
    .command('wait')
    .description('wait until it has ended or halted; the exit code tells how')
    .argument('<campaign>', 'its id')
    .option('--timeout <seconds>', 'for so long at most', wholeNumber(0, 31_536_000))
    .action(async (id: string, { timeout }: { timeout?: Seconds }) => waitForCampaign(open(), id, timeout ?? null));
}

async function waitForCampaign(context: Context, id: string, seconds: Seconds | null): Promise<void> {
  const detail = await awaitCampaign(context, id, seconds);
  process.exitCode = exitOfCampaign(detail);
  context.screen.answer(detail, () => context.screen.table(columns(Date.now()), [detail.campaign], ''));
}

type Pace = NonNullable<CampaignRequest['pace']>;
interface PlanOptions extends Omit<Pace, 'windows'> {
  readonly selector: string;
  readonly count?: number;
  readonly reason: string;
  readonly request?: string;
  readonly windows?: string;
  readonly class?: (typeof orderClasses)[number];
  readonly rehearse?: true;
}

function addPlan(campaign: Command, open: Open): void {
  campaign
    .command('plan')
    .description('plan which machines, in which order and at which pace; nothing is done')
    .argument('<campaign>', 'an id for it')
    .argument('<passage>', 'what each machine goes through, e.g. reboot or maintenance')
    .requiredOption('--selector <selector>', 'which machines, e.g. "pool=batch,az=A"')
    .requiredOption('--reason <text>', 'why, for the audit')
    .option('--count <machines>', 'how many it means; needed for "all"', wholeNumber(0, 1_000_000))
    .option('--request <json>', 'what is asked of the passage: JSON, @FILE or -')
    .addOption(new Option('--class <class>', 'how urgent its orders are').choices(orderClasses))
    .option('--canary <count>', 'machines that must succeed first', wholeNumber(0, 50))
    .option('--soak-minutes <count>', 'how long the canaries must stay healthy', wholeNumber(0, 10_080))
    .option('--batch <count>', 'machines of a batch', wholeNumber(1, 1000))
    .option('--at-once <count>', 'machines under way at once', wholeNumber(1, 1000))
    .option('--rack-share <percent>', 'of a rack under way at once', wholeNumber(1, 100))
    .option('--feed-share <percent>', 'of a feed', wholeNumber(1, 100))
    .option('--pool-share <percent>', 'of a pool', wholeNumber(1, 100))
    .option('--halt-count <count>', 'failures at which it halts', wholeNumber(1, 100_000))
    .option('--halt-share <percent>', 'the same as a share of its machines', wholeNumber(1, 100))
    .option('--windows <json>', 'when it may begin with machines: JSON, @FILE or -')
    .option('--rehearse', 'order a dry run of each machine too')
    .action(async (id: string, passage: CampaignRequest['passage'], options: PlanOptions) => {
      const { api, screen } = open();
      const { selector, count, reason, request, windows, class: urgency, rehearse, ...pace } = options;
      await api.planCampaign({
        ...{ id, passage, selector, reason },
        ...(count !== undefined && { count }),
        ...(urgency !== undefined && { class: urgency }),
        ...(request !== undefined && { request: (await readJson(request)) as Record<string, unknown> }),
        pace: {
          ...pace,
          ...(windows !== undefined && { windows: (await readJson(windows, '--windows')) as Pace['windows'] }),
        } as Pace,
      });
      if (rehearse) await api.rehearseCampaign(id);
      const detail = await api.campaign(id, {});
      screen.answer(detail, () => {
        showDetail(screen, detail);
        screen.line(`\nNothing is done yet: farrier campaign start ${id} --plan ${detail.campaign.hash} --reason TEXT`);
      });
    });
}

function addSteering(campaign: Command, open: Open): void {
  campaign
    .command('start')
    .description('start the plan that was reviewed, if it would still be the same')
    .argument('<campaign>', 'its id')
    .requiredOption('--plan <hash>', 'hash of the reviewed plan')
    .requiredOption('--reason <text>', 'why, for the audit')
    .addOption(waitOption())
    .action(async (id: string, { plan, reason, wait = false }: { plan: string; reason: string; wait?: Wait }) => {
      const context = open();
      const { api, screen } = context;
      await api.startCampaign(id, plan, reason);
      if (wait !== false) return waitForCampaign(context, id, secondsOf(wait));
      screen.answer({ accepted: true }, () => screen.line(`${id} is started: farrier campaign show ${id}`));
    });
  for (const [how, description, told] of [
    ['pause', 'begin nothing more; what is under way goes on', 'is paused'],
    ['resume', 'go on after a pause, or a halt whose failures were looked at', 'goes on'],
    ['cancel', 'begin nothing more, and end', 'is cancelled'],
  ] as const) {
    const command = campaign
      .command(how)
      .description(description)
      .argument('<campaign>', 'its id')
      .requiredOption('--reason <text>', 'why, for the audit');
    if (how === 'cancel') command.option('--stop', 'stop what runs too, at its next safe point');
    command.action(async (id: string, options: { reason: string; stop?: boolean }) => {
      const { api, screen } = open();
      await api.steerCampaign(id, how, options);
      screen.answer({ accepted: true }, () => screen.line(`${id} ${told}.`));
    });
  }
}

function describePace({ batch, atOnce, rackShare, feedShare, poolShare }: CampaignView['pace']): string {
  const shares = Object.entries({ rack: rackShare, feed: feedShare, pool: poolShare })
    .filter(([, share]) => share !== null)
    .map(([group, share]) => `, ${share} % of a ${group}`);
  return `batches of ${batch}, ${atOnce} at once${shares.join('')}`;
}

const weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

function describeWindow({ days, from, to, zone }: CampaignView['pace']['windows'][number]): string {
  return `${days.map((day) => weekdays[day - 1]).join(', ')} ${from} to ${to} ${zone}`;
}

function showDetail(screen: Context['screen'], { campaign, groups, members }: CampaignDetail): void {
  const { counts, pace } = campaign;
  screen.facts(`Campaign ${campaign.id}`, [
    ['state', `${campaign.state}, phase ${campaign.phase}`],
    ['why it stands', campaign.why],
    ['what', `${campaign.passage} ${JSON.stringify(campaign.request)}`],
    ['who', `${campaign.machines} machines: ${campaign.selector}`],
    ['reason', campaign.reason],
    [
      'outcomes',
      Object.entries(counts)
        .map(([state, count]) => `${count} ${state}`)
        .join(', '),
    ],
    ['time left', minutes(campaign.timeLeft)],
    ['canary', `${pace.canary}, healthy for ${pace.soakMinutes} minutes`],
    ['class', campaign.class],
    ['pace', describePace(pace)],
    ['windows', pace.windows.length === 0 ? null : pace.windows.map(describeWindow).join('; ')],
    ['halts at', `${campaign.haltAt} failures`],
    ['started', campaign.startedAt === null ? null : `${moment(campaign.startedAt)} by ${campaign.startedBy}`],
    ['ticket', campaign.ticketId],
    ['plan', campaign.hash],
  ]);
  screen.line('');
  screen.table(groupColumns, groups, 'No group of it has been in service.');
  screen.line('');
  screen.table(memberColumns, members, 'No machine has this outcome.');
}
