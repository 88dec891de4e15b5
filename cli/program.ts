import { Command } from 'commander';
import { addActions } from './actions.ts';
import { addAdopt } from './adopt.ts';
import { addApproval } from './approval.ts';
import { addAudit } from './audit.ts';
import { type AskPassword, addBmc } from './bmc/command.ts';
import { addCampaign } from './campaign.ts';
import type { Context } from './context.ts';
import { addDisruption } from './disruption.ts';
import { addDrift, addOutdatedFirmware, addReconcile } from './drift.ts';
import { addErasure } from './erasure.ts';
import { addExport } from './export.ts';
import { addBootStats, addBurnin, addDoctor, addImage, addRack, type DoctorChecks } from './fleet.ts';
import { addBreaker, addCapacity, addPool } from './guards.ts';
import { addHardware } from './hardware.ts';
import { addImport } from './import.ts';
import { addLogin, type SigningIn } from './login.ts';
import { addMachine } from './machine.ts';
import { addMdb, type MdbPlace } from './mdb/command.ts';
import { addOncall } from './oncall.ts';
import { addBirth, addOrder, addStep } from './order.ts';
import { addPassages } from './passages.ts';
import { addPolicy } from './policy.ts';
import { addProfile } from './profile.ts';
import { addRehydrate } from './rehydrate.ts';
import { addSemaphore } from './semaphore.ts';
import { addTag } from './tag.ts';
import { addTicket } from './ticket.ts';
import { addToken, addWhoami } from './token.ts';

export interface GlobalOptions {
  readonly api: string;
  readonly json: boolean;
}

/** All commands; `open` is called once a command runs, with the options that were given. */
export function createProgram(
  standardApi: string,
  open: (options: GlobalOptions) => Context,
  checks: DoctorChecks,
  askBmcPassword: AskPassword,
  {
    mdb = {},
    signingIn = null,
    sourceToken,
  }: {
    readonly mdb?: MdbPlace;
    readonly signingIn?: SigningIn | null;
    /** Lets an import in where it reads from another system. */
    readonly sourceToken?: string | undefined;
  } = {},
): Command {
  const program = new Command('farrier')
    .description('Bare-metal servers from first power-on to useful work, and back.')
    .option('--api <url>', 'origin of the API (or FARRIER_API)', standardApi)
    .option('--json', 'write JSON instead of tables', false)
    .showHelpAfterError('Add --help for the commands and their options.')
    .exitOverride();
  const context = () => open(program.opts<GlobalOptions>());
  addAdopt(addMachine(program, context), context);
  addHardware(program, context);
  addBirth(program, context);
  addOrder(program, context);
  addActions(program, context);
  addPassages(program, context);
  addCampaign(program, context);
  addDrift(program, context);
  addReconcile(program, context);
  addRehydrate(program, context);
  addOutdatedFirmware(program, context);
  addProfile(program, context);
  addCapacity(program, context);
  addBreaker(program, context);
  addPool(program, context);
  addSemaphore(program, context);
  addTag(program, context);
  addImport(program, context, sourceToken);
  addExport(program, context);
  addDisruption(program, context);
  addStep(program, context);
  addTicket(program, context);
  addOncall(program, context);
  addBurnin(program, context);
  addErasure(program, context);
  addBootStats(program, context);
  addRack(program, context);
  addImage(program, context);
  addBmc(program, context, askBmcPassword);
  addAudit(program, context);
  addPolicy(program, context);
  addApproval(program, context);
  addToken(program, context);
  addWhoami(program, context);
  if (signingIn) addLogin(program, context, signingIn);
  addMdb(program, context, mdb);
  addDoctor(program, context, checks);
  for (const command of everyCommand(program)) command.exitOverride();
  acceptEverywhere(program);
  return program;
}

// `--json` and `--api` may stand behind the command, where people type them.
function acceptEverywhere(program: Command): void {
  for (const command of everyCommand(program)) {
    if (command === program || command.commands.length > 0) continue;
    command
      .option('--api <url>', 'origin of the API')
      .option('--json', 'write JSON')
      .hook('preAction', (_program, action) => {
        const { api, json } = action.opts<Partial<GlobalOptions>>();
        if (api !== undefined) program.setOptionValue('api', api);
        if (json !== undefined) program.setOptionValue('json', json);
      });
  }
}

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}
