import { Argument, type Command, Option } from 'commander';
import type { Seconds } from '../../domain/duration.ts';
import { actByHand, type HandAct } from './act.ts';
import { dryRunOption, type Hand, type HandOptions, systemOption, yesOption } from './hand.ts';
import { showSystem } from './reading.ts';

const verbs = ['on', 'off', 'force-off', 'cycle', 'restart'] as const;
type Verb = (typeof verbs)[number];

const abouts: Readonly<Record<Verb, string>> = {
  on: 'Power on the machine',
  off: 'Shut down the machine, and cut its power if it does not go off by itself',
  'force-off': 'Cut the power of the machine',
  cycle: 'Power-cycle the machine',
  restart: 'Restart the machine',
};

type PowerOptions = HandOptions & { readonly timeout?: Seconds };

/** `farrier bmc power ADDRESS [on|off|force-off|cycle|restart]`. */
export function addPower(hand: Hand): void {
  hand
    .add('power', 'the power of its machine: as it is, or changed by one command')
    .addArgument(new Argument('[verb]', 'what to do; shows it without').choices(verbs))
    .addOption(
      new Option('--timeout <seconds>', 'for off: time that the system has to shut down, 120 unless given').argParser(
        Number,
      ),
    )
    .option(...systemOption)
    .option(...yesOption)
    .option(...dryRunOption)
    .action(async (address: string, verb: Verb | undefined, options: PowerOptions, command: Command) => {
      if (verb === undefined) return show(hand, command, address, options);
      await actByHand(hand, command, address, options, await actOf(verb, options));
    });
}

async function actOf(verb: Verb, { timeout }: PowerOptions): Promise<HandAct<never>> {
  const { powerCycle, powerOff, powerOn, gracefulRestart } = await import('../../redfish/acts/power.ts');
  const about = abouts[verb];
  const following = { 'power-on': powerOn, 'power-off': powerOff };
  const off = {
    how: verb === 'off' ? 'graceful' : 'forced',
    ...(timeout !== undefined && { timeout: timeout * 1000 }),
  };
  const act = {
    on: { kind: powerOn, parameters: {} },
    off: { kind: powerOff, parameters: off },
    'force-off': { kind: powerOff, parameters: off },
    cycle: { kind: powerCycle, parameters: {} },
    restart: { kind: gracefulRestart, parameters: {} },
  }[verb];
  return { ...act, about, following } as HandAct<never>;
}

function show(hand: Hand, command: Command, address: string, options: HandOptions): Promise<void> {
  return showSystem(
    hand,
    command,
    address,
    options,
    async ({ system: { bootProgress, lastReset, path, power, resetTypes } }) => ({
      system: { path, power, lastReset, bootProgress, resetTypes },
    }),
    (screen, { system }) =>
      screen.facts('Power', [
        ['power', system.power],
        ['last reset', system.lastReset],
        ['start', system.bootProgress],
        ['resets', system.resetTypes.join(' ')],
      ]),
  );
}
