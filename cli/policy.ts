import { Argument, type Command, Option } from 'commander';
import type { PolicyVersionView } from '../contract/policyschemas.ts';
import { type PolicyKind, policyKinds } from '../domain/policies.ts';
import { wholeNumber } from './arguments.ts';
import type { Context } from './context.ts';
import { moment } from './format.ts';
import type { Column } from './table.ts';

const history: Column<PolicyVersionView>[] = [
  { title: 'version', cell: ({ version }) => version, align: 'right' },
  { title: 'time', cell: ({ at }) => moment(at) },
  { title: 'by', cell: ({ by, approvedBy }) => (approvedBy === null ? by : `${by}, approved by ${approvedBy}`) },
  { title: 'what', cell: ({ restores, value }) => sayWhat(restores, value) },
  { title: 'reason', cell: ({ reason }) => reason, flexible: true },
];
const policies: Column<PolicyVersionView>[] = [
  { title: 'kind', cell: ({ kind }) => kind },
  { title: 'policy', cell: ({ subject }) => subject },
  ...history,
];

const sayWhat = (restores: number | null, value: PolicyVersionView['value']) =>
  restores !== null ? `as version ${restores}` : value === null ? 'taken away' : 'written';

/** `farrier policy`: who changed a policy, when and why, and bringing an earlier version back. */
export function addPolicy(program: Command, open: () => Context): void {
  const policy = program.command('policy');
  const kind = () => new Argument('<kind>', 'of policy').choices(policyKinds);
  policy
    .command('ls')
    .alias('list')
    .description('list policies that were ever changed, each in its newest version')
    .addOption(new Option('--kind <kind>', 'only of this kind').choices(policyKinds))
    .action(async (options: { kind?: PolicyKind }) => {
      const { api, screen } = open();
      const found = await api.policies(options.kind);
      screen.answer(found, () => screen.table(policies, found, 'No policy was changed yet.'));
    });
  policy
    .command('history')
    .description('list all versions of one policy, newest first')
    .addArgument(kind())
    .argument('<policy>', 'as `policy ls` names it')
    .action(async (of: PolicyKind, subject: string) => {
      const { api, screen } = open();
      const found = await api.policyVersions(of, subject);
      screen.answer(found, () => screen.table(history, found, ''));
    });
  policy
    .command('show')
    .description('show what a version says, as JSON; the newest unless told')
    .addArgument(kind())
    .argument('<policy>', 'as `policy ls` names it')
    .option('--version <number>', 'this one', wholeNumber(1, 999_999_999))
    .action(async (of: PolicyKind, subject: string, { version }: { version?: number }) => {
      const { api, screen } = open();
      const found = await api.policyVersions(of, subject);
      const one = version === undefined ? found[0] : found.find((each) => each.version === version);
      if (!one) throw new Error(`there is no version ${version} of ${of} ${subject}`);
      screen.answer(one, () => screen.line(JSON.stringify(one.value, null, 2)));
    });
  policy
    .command('restore')
    .description('bring an earlier version back, as a new one')
    .addArgument(kind())
    .argument('<policy>', 'as `policy ls` names it')
    .argument('<version>', 'its number', wholeNumber(1, 999_999_999))
    .requiredOption('--reason <text>', 'why, for its history and the audit')
    .action(async (of: PolicyKind, subject: string, version: number, { reason }: { reason: string }) => {
      const { api, screen } = open();
      const now = await api.restorePolicy(of, subject, { version, reason });
      screen.answer(now, () =>
        screen.line(`${of} ${subject} is as in version ${version} again: version ${now.version}`),
      );
    });
}
