import { Argument, type Command } from 'commander';
import type { Session } from '../../redfish/session.ts';
import { actByHand } from './act.ts';
import { dryRunOption, type Hand, type HandOptions, systemOption, yesOption } from './hand.ts';
import { showPin } from './show.ts';

const keys = { 'reset-keys': 'ResetAllKeysToDefault', 'delete-keys': 'DeleteAllKeys' } as const;
type Verb = 'enable' | 'disable' | keyof typeof keys;

/** `farrier bmc secureboot ADDRESS [enable|disable|reset-keys|delete-keys]`. */
export function addSecureBoot(hand: Hand): void {
  hand
    .add('secureboot', 'Secure Boot: as it stands, or changed from the next start on')
    .addArgument(
      new Argument('[verb]', 'what to do; shows it without').choices(['enable', 'disable', ...Object.keys(keys)]),
    )
    .option(...systemOption)
    .option(...yesOption)
    .option(...dryRunOption)
    .action(async (address: string, verb: Verb | undefined, options: HandOptions, command: Command) => {
      if (verb === undefined) return show(hand, command, address, options);
      const { secureBoot, secureBootKeys } = await import('../../redfish/acts/secureboot.ts');
      if (verb === 'enable' || verb === 'disable') {
        const parameters = { enabled: verb === 'enable' };
        const about = `Set Secure Boot to be ${verb}d from the next start on`;
        return actByHand(hand, command, address, options, { kind: secureBoot, parameters, about });
      }
      const about = verb === 'reset-keys' ? "Put the maker's keys back" : 'Delete all keys of Secure Boot';
      return actByHand(hand, command, address, options, {
        kind: secureBootKeys,
        parameters: { reset: keys[verb] },
        about,
      });
    });
}

async function show(hand: Hand, command: Command, address: string, options: HandOptions): Promise<void> {
  const { screen } = hand.open();
  const { pin, value } = await hand.ask(command, address, options, (session) => read(session, options));
  const word = (so: boolean | null) => (so === null ? null : so ? 'yes' : 'no');
  screen.answer({ pin, secureBoot: value }, () => {
    showPin(screen, pin, options.pin);
    if (value === null) return screen.line('It shows no Secure Boot.');
    screen.facts('Secure Boot', [
      ['enabled', word(value.enabled)],
      ['in force', word(value.inForce)],
      ['mode', value.mode],
    ]);
  });
}

async function read(session: Session, { system }: HandOptions) {
  const { openProbe } = await import('../../redfish/probe.ts');
  const { readSecureBoot } = await import('../../redfish/secureboot.ts');
  const { probe } = await openProbe(session, { hostPath: system ?? null });
  const offer = await probe.offer('secureBoot');
  return offer === null ? null : readSecureBoot(session, offer.path);
}
