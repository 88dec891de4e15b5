import { type Command, InvalidArgumentError } from 'commander';
import type { AdoptionView } from '../contract/adoptionschemas.ts';
import type { Seconds } from '../domain/duration.ts';
import { normaliseMac } from '../domain/machine.ts';
import { wholeNumber } from './arguments.ts';
import type { Context } from './context.ts';
import { exits } from './exits.ts';
import { readUntil } from './polling.ts';

interface Options {
  readonly bmc: string;
  readonly bmcSecret: string;
  readonly mac?: string;
  readonly rack?: string;
  readonly unit?: number;
  readonly slot?: string;
  readonly restart?: true;
  readonly dryRun?: true;
  readonly plan?: string;
  readonly reason: string;
  readonly wait: Seconds;
}

/** Seconds that a look at a slow controller may take. */
const standardWaitSeconds = 180;

/** `farrier machine adopt`: birth from a controller's address alone. */
export function addAdopt(machine: Command, open: () => Context): void {
  machine
    .command('adopt')
    .description("take a machine in by its controller's address: reads who it is, boots the network and powers it on")
    .requiredOption('--bmc <address>', 'its controller, e.g. 10.0.9.12 or https://10.0.9.12:8443')
    .requiredOption('--bmc-secret <name>', 'name of the secret with its credentials')
    .requiredOption('--reason <text>', 'why, for the audit')
    .option('--mac <mac>', 'MAC that it boots from, where its controller shows none', macOf)
    .option('--rack <rack>', 'rack it stands in, where no switch can tell')
    .option('--unit <unit>', 'lowest unit it takes up', wholeNumber(1, 64))
    .option('--slot <slot>', 'which of several machines in one case, e.g. 2 or B')
    .option('--restart', 'it may be restarted if it is on')
    .option('--dry-run', 'read who it is and show the plan; nothing is sent or announced')
    .option('--plan <hash>', 'do it only if its plan is still this one')
    .option(
      '--wait <seconds>',
      'how long to wait until its controller was read',
      wholeNumber(0, 3600),
      standardWaitSeconds,
    )
    .action(async ({ bmcSecret, wait, dryRun, restart, ...rest }: Options) => {
      const { api, screen } = open();
      const { id } = await api.adopt({
        ...rest,
        secret: bmcSecret,
        dryRun: dryRun === true,
        restart: restart === true,
      });
      const view = await readUntil(
        () => api.adoption(id),
        ({ state }) => state !== 'waiting',
        Date.now() + wait * 1000,
      );
      screen.answer(view, () => show(screen, view));
      if (view.state === 'refused' || view.state === 'waiting') process.exitCode = exits.failed;
    });
}

function show(screen: Context['screen'], { id, state, why, plan, hash, machine, order }: AdoptionView): void {
  for (const line of plan) screen.line(`${state === 'adopted' ? 'Done' : 'Would'}: ${line}`);
  if (state === 'planned') screen.line(`Nothing was changed. Its plan: --plan ${hash}`);
  if (state === 'adopted') screen.line(`${machine} is adopted; its birth is order ${order}.`);
  if (state === 'refused') screen.line(`Refused: ${why}`);
  if (state === 'waiting') screen.line(`Nothing has come of ${id} yet: is a hardware worker of the site alive?`);
}

function macOf(text: string): string {
  const mac = normaliseMac(text);
  if (mac === null) throw new InvalidArgumentError('It is not the MAC of a machine.');
  return mac;
}
