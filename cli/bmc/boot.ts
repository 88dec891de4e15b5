import { type Command, Option } from 'commander';
import type { ActParameters } from '../../domain/acts.ts';
import { actByHand } from './act.ts';
import { dryRunOption, type Hand, type HandOptions, systemOption, yesOption } from './hand.ts';
import { showSystem } from './reading.ts';

const targets = ['pxe', 'http', 'disk', 'cd', 'usb', 'bios'] as const;
type Target = (typeof targets)[number];

type BootOptions = HandOptions & {
  readonly once?: Target;
  readonly always?: Target;
  readonly off?: boolean;
  readonly uri?: string;
};

/** `farrier bmc boot ADDRESS [--once T | --always T | --off]`. */
export function addBoot(hand: Hand): void {
  hand
    .add('boot', 'what its machine boots from: as it is set, or set anew; nothing is started')
    .addOption(new Option('--once <target>', 'at the next start only').choices(targets).conflicts(['always', 'off']))
    .addOption(new Option('--always <target>', 'from now on').choices(targets).conflicts('off'))
    .option('--off', 'as the firmware has it')
    .option('--uri <url>', 'with http: where from, for controllers that take an address')
    .option(...systemOption)
    .option(...yesOption)
    .option(...dryRunOption)
    .action(async (address: string, options: BootOptions, command: Command) => {
      const target = options.off ? 'none' : (options.once ?? options.always);
      if (target === undefined) return show(hand, command, address, options);
      const { setBoot } = await import('../../redfish/acts/boot.ts');
      const parameters: ActParameters['set-boot'] = {
        target,
        how: options.always ? 'always' : 'once',
        ...(options.uri !== undefined && { uri: options.uri }),
      };
      const about = target === 'none' ? 'Take the boot override back' : `Boot from ${target}, ${parameters.how}`;
      await actByHand(hand, command, address, options, { kind: setBoot, parameters, about });
    });
}

function show(hand: Hand, command: Command, address: string, options: HandOptions): Promise<void> {
  return showSystem(
    hand,
    command,
    address,
    options,
    async ({ session, system, probe }) => {
      const { readBoot } = await import('../../redfish/boot.ts');
      const { path, observed } = await readBoot(session, system);
      const { enabled, targets: offered } = await probe.offer('boot');
      return { path, boot: observed, targets: offered, enabled };
    },
    (screen, { boot, enabled, path, targets: offered }) =>
      screen.facts('Boot', [
        ['from', textOf(boot.BootSourceOverrideTarget)],
        ['how', textOf(boot.BootSourceOverrideEnabled)],
        ['mode', textOf(boot.BootSourceOverrideMode)],
        ['order', Array.isArray(boot.BootOrder) ? boot.BootOrder.join(' ') : null],
        ['targets', offered.join(' ')],
        ['ways', enabled.join(' ')],
        ['set at', path],
      ]),
  );
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
