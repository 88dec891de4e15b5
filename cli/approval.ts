import { Argument, type Command, Option } from 'commander';
import type { ApprovalDetail, ApprovalPolicyView, ApprovalView } from '../contract/approvals.ts';
import {
  type ApprovalAct,
  type ApprovalState,
  actMeanings,
  approvalActs,
  approvalStates,
} from '../domain/approvals.ts';
import { wholeNumber } from './arguments.ts';
import type { Context, Open, Screen } from './context.ts';
import { age, moment } from './format.ts';
import type { Column } from './table.ts';

const columns = (now: number): Column<ApprovalView>[] => [
  { title: 'approval', cell: ({ id }) => id },
  { title: 'state', cell: ({ state }) => state },
  { title: 'asked by', cell: ({ askedBy }) => askedBy },
  { title: 'age', cell: ({ askedAt }) => age(askedAt, now), align: 'right' },
  { title: 'what', cell: ({ what }) => what, flexible: true },
  { title: 'reason', cell: ({ reason }) => reason, flexible: true },
];

const lineColumns: Column<ApprovalDetail['plan']['lines'][number]>[] = [
  { title: 'step', cell: ({ step }) => step },
  { title: 'does', cell: ({ does }) => does, flexible: true },
];

/** `farrier approval`: what takes a second person, and what such a one says to it. */
export function addApproval(program: Command, open: Open): void {
  const approval = program.command('approval');
  approval
    .command('ls')
    .alias('list')
    .description('list what waits for a second person, newest first')
    .option('--all', 'what is decided too')
    .addOption(new Option('--state <state>', 'only in this state').choices(approvalStates))
    .option('--machine <machine>', 'only of this machine')
    .action(async ({ all, state, machine }: { all?: true; state?: ApprovalState; machine?: string }) => {
      const { api, screen, now } = open();
      const only = state ?? (all ? undefined : 'waiting');
      const found = await api.approvals({
        ...(only !== undefined && { state: only }),
        ...(machine !== undefined && { machine }),
      });
      screen.answer(found, () => screen.table(columns(now), found, 'Nothing waits for a second person.'));
    });
  approval
    .command('show')
    .description('show the plan that would run')
    .argument('<approval>', 'its id')
    .action(async (id: string) => {
      const { api, screen } = open();
      const found = await api.approval(id);
      screen.answer(found, () => showApproval(screen, found));
    });
  approval
    .command('approve')
    .description('do what another person asked, by the plan that you have seen')
    .argument('<approval>', 'its id')
    .requiredOption('--plan <hash>', 'the plan that was shown: its hash, or how it begins, 8 digits or more')
    .option('--note <text>', 'a word for the audit')
    .action(async (id: string, { plan, note }: { plan: string; note?: string }) => {
      const { api, screen } = open();
      const given = { plan: await wholeHash(api, id, plan), ...(note !== undefined && { note }) };
      const { done } = await api.approve(id, given);
      screen.answer({ done }, () => {
        for (const one of done) screen.line(`${one.approval.id} is approved: ${one.approval.what}`);
      });
    });
  for (const how of ['refuse', 'withdraw'] as const)
    approval
      .command(how)
      .description(how === 'refuse' ? 'say that it is not to be done' : 'take back what you asked yourself')
      .argument('<approval>', 'its id')
      .requiredOption('--reason <text>', 'why')
      .action(async (id: string, { reason }: { reason: string }) => {
        const { api, screen } = open();
        await api.declineApproval(id, how, reason);
        screen.answer({ accepted: true }, () => screen.line(`${id} is ${how === 'refuse' ? 'refused' : 'withdrawn'}`));
      });
  addApprovalPolicy(approval, open);
}

/** Whoever types the beginning of a hash has seen it. */
async function wholeHash(api: Context['api'], id: string, begins: string): Promise<string> {
  if (!/^[0-9a-f]{8,63}$/.test(begins)) return begins;
  const { hash, missing } = (await api.approval(id)).plan;
  if (hash === null) throw new Error(`there is no plan of ${id} to approve: ${missing ?? 'it waits no more'}`);
  if (hash.startsWith(begins)) return hash;
  throw new Error(`the plan is ${hash} now, and not ${begins}…: farrier approval show ${id}`);
}

function showApproval(screen: Screen, { approval, plan, together, refused }: ApprovalDetail): void {
  const { id, what, acts, reason, askedBy, askedAt, expiresAt, state, decidedBy, decidedAt, why } = approval;
  const decided = decidedAt === null ? null : `${moment(decidedAt)} by ${decidedBy}${why === null ? '' : `: ${why}`}`;
  screen.facts(what, [
    ['approval', id],
    ['state', state],
    ['takes a second person', acts.map((act) => `it ${actMeanings[act]}`).join('; ')],
    ['reason', reason],
    ['asked', `${moment(askedAt)} by ${askedBy}`],
    ['lapses', state === 'waiting' ? moment(expiresAt) : null],
    ['decided', decided],
    ['no plan yet', plan.missing],
  ]);
  screen.line('');
  screen.table(lineColumns, plan.lines, 'It has no plan.');
  for (const one of together) {
    screen.line('');
    screen.line(`Done with it, in one outage of the machine: ${one.approval.what} (${one.approval.id})`);
    screen.table(lineColumns, one.lines, 'It has no plan.');
  }
  if (state !== 'waiting') return;
  screen.line('');
  if (refused !== null) screen.line(`You may not approve of it: ${refused}`);
  else if (plan.hash !== null) screen.line(`farrier approval approve ${id} --plan ${plan.hash}`);
}

function addApprovalPolicy(approval: Command, open: Open): void {
  const policy = approval.command('policy').description('what takes a second person');
  policy
    .command('show')
    .description('show what takes a second person')
    .action(async () => {
      const { api, screen } = open();
      const now = await api.approvalPolicy();
      screen.answer(now, () => showPolicy(screen, now));
    });
  policy
    .command('set')
    .description('set what takes a second person')
    .addArgument(new Argument('<acts...>', 'which acts, or none').choices([...approvalActs, 'none']))
    .option('--hours <hours>', 'how long what was asked waits for one', wholeNumber(1, 720), 24)
    .requiredOption('--reason <text>', 'why, for its history and the audit')
    .action(async (acts: (ApprovalAct | 'none')[], { hours, reason }: { hours: number; reason: string }) => {
      const { api, screen } = open();
      const named = approvalActs.filter((act) => acts.includes(act));
      const now = await api.setApprovalPolicy({ acts: named, hours, reason });
      screen.answer(now, () => showPolicy(screen, now));
    });
}

function showPolicy(screen: Screen, { acts, hours }: ApprovalPolicyView): void {
  screen.facts('A second person', [
    ...approvalActs.map((act) => [act, `${acts.includes(act) ? 'yes' : 'no'}: what ${actMeanings[act]}`] as const),
    ['waits', `${hours} hours at most`],
  ]);
}
