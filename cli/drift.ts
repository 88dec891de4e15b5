import { type Command, Option } from 'commander';
import type { DriftList, DriftQuery, DriftView, RoundView } from '../contract/driftschemas.ts';
import { driftKinds } from '../domain/drift/drift.ts';
import type { Seconds } from '../domain/duration.ts';
import { wholeNumber } from './arguments.ts';
import type { Context, Open } from './context.ts';
import { age } from './format.ts';
import { readUntil } from './polling.ts';
import type { Column } from './table.ts';

const named: Column<DriftView> = { title: 'machine', cell: ({ hostname, machineId }) => hostname ?? machineId };

const driftColumns = (now: number): Column<DriftView>[] => [
  { title: 'kind', cell: ({ kind }) => kind },
  { title: 'attribute', cell: ({ name }) => name },
  { title: 'want', cell: ({ want }) => want, flexible: true },
  { title: 'have', cell: (drift) => describeHave(drift, now), flexible: true },
  { title: 'since', cell: ({ since }) => age(since, now), align: 'right' },
  { title: 'shown by', cell: ({ source, unknownSince }) => (unknownSince === null ? source : null) },
  {
    title: 'campaign',
    cell: ({ campaign, campaignState }) => (campaign === null ? null : `${campaign}, ${campaignState}`),
  },
  { title: 'note', cell: ({ note }) => note, flexible: true },
];

function describeHave({ have, unknownSince }: DriftView, now: number): string | null {
  if (unknownSince === null) return have;
  return `unknown since ${age(unknownSince, now)} ago${have === null ? '' : `, then ${have}`}`;
}

/** `farrier drift …`: what machines are other than wanted of them. `farrier drift MACHINE` is one machine's. */
export function addDrift(program: Command, open: Open): void {
  const drift = program.command('drift');
  drift
    .command('ls', { isDefault: true })
    .description('list the drift of one machine or of all')
    .argument('[machine]', 'id, hostname or MAC')
    .addOption(new Option('--kind <kind>', 'only of this kind').choices(driftKinds))
    .option('--pool <pool>', 'only of this pool')
    .addOption(new Option('--state <state>', 'only what is so').choices(['drifting', 'unknown']))
    .option('--limit <count>', 'rows at most', wholeNumber(1, 10_000))
    .action(async (machine: string | undefined, filter: DriftQuery) => {
      const context = open();
      const found = await context.api.drift({ ...filter, ...(machine !== undefined && { machine }) });
      context.screen.answer(found, () => showDrift(context, found, machine));
    });
  drift
    .command('accept')
    .description('accept the present parts of a machine as right, from the next round on')
    .argument('<machine>', 'id, hostname or MAC')
    .requiredOption('--reason <text>', 'why, for the audit')
    .action(async (machine: string, { reason }: { reason: string }) => {
      const { api, screen } = open();
      await api.acceptParts(machine, reason);
      screen.answer({ accepted: true }, () => screen.line(`The next round takes ${machine} as it is made then.`));
    });
}

/** `farrier firmware outdated`: machines whose versions are not those of their baseline. */
export function addOutdatedFirmware(program: Command, open: Open): void {
  program
    .command('firmware')
    .command('outdated')
    .description('list machines whose versions differ from their profile')
    .option('--pool <pool>', 'only of this pool')
    .action(async (filter: Pick<DriftQuery, 'pool'>) => {
      const { api, screen, now } = open();
      const { drifts } = await api.drift({ ...filter, kind: 'firmware' });
      screen.answer(drifts, () => screen.table([named, ...driftColumns(now)], drifts, 'None is known to be.'));
    });
}

function showDrift({ screen, now }: Context, { summary, drifts }: DriftList, machine: string | undefined): void {
  const compared = summary.comparedAt === null ? 'never yet' : `${age(summary.comparedAt, now)} ago`;
  const columns = driftColumns(now);
  const none = summary.comparedAt === null ? 'Nothing was compared yet: farrier reconcile' : 'No drift is known.';
  if (machine === undefined) {
    screen.line(
      `${summary.conformant} machines are as wanted, ${summary.drifting} are not, of ${summary.unknown} it is not known; last compared ${compared}.`,
    );
    if (summary.plansWaiting > 0)
      screen.line(`${summary.plansWaiting} campaigns against drift wait for a person: farrier campaign ls`);
  }
  screen.table(machine === undefined ? [named, ...columns] : columns, drifts, none);
}

/** `farrier reconcile`: a round now, waited for. */
export function addReconcile(program: Command, open: Open): void {
  program
    .command('reconcile')
    .option('--site <site>', 'only of this site')
    .option('--no-wait', 'only ask for it')
    .option('--timeout <seconds>', 'how long to wait for it', wholeNumber(1, 86_400), 600)
    .action(async ({ site, wait, timeout }: { site?: string; wait: boolean; timeout: Seconds }) => {
      const { api, screen } = open();
      const requests = await api.reconcile(site);
      if (!wait)
        return screen.answer(requests, () => screen.line(`Asked for a round of ${requests.sites.join(', ')}.`));
      const rounds = await awaitRounds(api, requests, Date.now() + timeout * 1000);
      screen.answer(rounds, () => {
        for (const round of rounds) showRound(screen, round);
      });
    });
}

/** Rounds that began once they were asked for, one of each site. */
async function awaitRounds(
  api: Context['api'],
  { sites, requestedAt }: { readonly sites: readonly string[]; readonly requestedAt: string },
  until: number,
): Promise<RoundView[]> {
  const read = async () => {
    const ended = (await api.rounds()).filter((round) => round.endedAt !== null && round.beganAt >= requestedAt);
    return sites.flatMap((site) => ended.find((round) => round.site === site) ?? []);
  };
  const found = await readUntil(read, ({ length }) => length === sites.length, until);
  if (found.length === sites.length) return found;
  const missing = sites.filter((site) => !found.some((round) => round.site === site)).join(', ');
  throw new Error(`no round of ${missing} ended in time; it goes on by itself: farrier drift tells what is known`);
}

function showRound(screen: Context['screen'], { site, summary }: RoundView): void {
  if (summary === null) return;
  const { machines, conformant, drifting, unknown, read, unread, found, resolved } = summary;
  const list = (ids: readonly string[]) => (ids.length === 0 ? null : ids.join(', '));
  screen.facts(`Site ${site}`, [
    ['machines', `${machines} compared: ${conformant} as wanted, ${drifting} not, ${unknown} not known`],
    ['controllers', `${read} read${unread === 0 ? '' : `, ${unread} could not be`}`],
    ['drift', `${found} new, ${resolved} over`],
    ['planned', list(summary.planned)],
    ['started', list(summary.started)],
    ['withdrawn', list(summary.withdrawn)],
  ]);
}
