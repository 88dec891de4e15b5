import { Argument, type Command, Option } from 'commander';
import type { Session } from '../../redfish/session.ts';
import { cleanCell } from '../table.ts';
import { actByHand } from './act.ts';
import { dryRunOption, type Hand, type HandOptions, systemOption, yesOption } from './hand.ts';
import { showPin } from './show.ts';

/** `farrier bmc led|reset|ac-cycle|secureboot|media|erase|console`: small acts and readings, each by one command. */
export function addControl(hand: Hand): void {
  const acting = (name: string, about: string) =>
    hand
      .add(name, about)
      .option(...systemOption)
      .option(...yesOption)
      .option(...dryRunOption);

  acting('led', 'switches the light by which somebody finds the machine')
    .addArgument(new Argument('<state>').choices(['on', 'off']))
    .action(async (address: string, state: string, options: HandOptions, command: Command) => {
      const { indicator } = await import('../../redfish/acts/indicator.ts');
      const about = `Switch the light ${state}`;
      await actByHand(hand, command, address, options, { kind: indicator, parameters: { on: state === 'on' }, about });
    });

  acting('reset', 'starts the controller itself again').action(
    async (address: string, options: HandOptions, command: Command) => {
      const { resetBmc } = await import('../../redfish/acts/bmc.ts');
      const about = 'Start the controller again';
      await actByHand(hand, command, address, options, { kind: resetBmc, parameters: {}, about });
    },
  );

  acting('ac-cycle', 'takes the mains away from the whole machine, and gives it back').action(
    async (address: string, options: HandOptions, command: Command) => {
      const { acCycle } = await import('../../redfish/acts/accycle.ts');
      const about = 'Take the mains away from the machine and its controller';
      const parameters = { approvedBy: hand.open().operator };
      const { powerOn } = await import('../../redfish/acts/power.ts');
      const following = { 'ac-cycle': acCycle, 'power-on': powerOn };
      await actByHand(hand, command, address, options, { kind: acCycle, parameters, about, following });
    },
  );

  acting('erase', 'erases one drive by the controller')
    .argument('<serial>', 'serial number of the drive')
    .addOption(
      new Option('--method <kind>', 'this way or not at all').choices([
        'BlockErase',
        'CryptographicErase',
        'Overwrite',
      ]),
    )
    .action(async (address: string, serial: string, options: HandOptions & { method?: never }, command: Command) => {
      const { eraseDrive } = await import('../../redfish/acts/erase.ts');
      const { method } = options;
      const parameters = { serial, approvedBy: hand.open().operator, ...(method !== undefined && { method }) };
      await actByHand(hand, command, address, options, {
        kind: eraseDrive,
        parameters,
        about: `ERASE drive ${serial}`,
      });
    });

  addConsole(hand);
}

function addConsole(hand: Hand): void {
  hand
    .add('console', 'how the console of its machine is reached')
    .option(...systemOption)
    .action(async (address: string, options: HandOptions, command: Command) => {
      const { screen } = hand.open();
      const { pin, value } = await hand.ask(command, address, options, (session) => readConsole(session, options));
      const host = URL.parse(address)?.hostname || address.replace(/:\d+$/, '');
      const ways = waysOf(host, options.user, value);
      screen.answer({ pin, ...value, ways }, () => {
        showPin(screen, pin, options.pin);
        for (const way of ways) screen.line(cleanCell(way));
        if (ways.length === 0) screen.line('It names no way to a serial console.');
        screen.line(
          value?.graphical ? 'It has a graphical console, in its own web interface.' : 'No graphical console.',
        );
      });
    });
}

async function readConsole(session: Session, { system }: HandOptions) {
  const { openProbe } = await import('../../redfish/probe.ts');
  const { probe } = await openProbe(session, { hostPath: system ?? null });
  return probe.offer('manager');
}

/** Commands to type; what the controller names is a part of none unless it is plain. */
function waysOf(host: string, user: string, manager: Awaited<ReturnType<typeof readConsole>>): string[] {
  const { ssh, ipmi } = manager?.console ?? { ssh: null, ipmi: null };
  return [
    ...(ssh ? [`ssh -p ${ssh.port} ${user}@${host}${ssh.command === null ? '' : `   then: ${ssh.command}`}`] : []),
    ...(ipmi ? [`ipmitool -I lanplus -H ${host} -p ${ipmi.port} -U ${user} sol activate`] : []),
  ];
}
