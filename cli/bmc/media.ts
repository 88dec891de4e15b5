import { Argument, type Command, Option } from 'commander';
import type { Session } from '../../redfish/session.ts';
import type { Column } from '../table.ts';
import { actByHand } from './act.ts';
import { dryRunOption, type Hand, type HandOptions, systemOption, yesOption } from './hand.ts';
import { askPassword } from './prompt.ts';
import { showPin } from './show.ts';

type MediaOptions = HandOptions & { readonly slot?: string; readonly imageUser?: string };

/** `farrier bmc media ADDRESS [insert URL | eject]`: virtual drives, what is in them, and changing it. */
export function addMedia(hand: Hand): void {
  hand
    .add('media', 'its virtual drives: what is in them, or another image')
    .addArgument(new Argument('[verb]', 'what to do; lists the drives without').choices(['insert', 'eject']))
    .argument('[image]', 'address of the image to insert')
    .option('--slot <path>', 'the drive meant, by its resource')
    .addOption(new Option('--image-user <name>', 'account at the server of the image; its password is asked for'))
    .option(...systemOption)
    .option(...yesOption)
    .option(...dryRunOption)
    .action(
      async (
        address: string,
        verb: string | undefined,
        image: string | undefined,
        options: MediaOptions,
        command: Command,
      ) => {
        if (verb === undefined) return list(hand, command, address, options);
        if (verb === 'insert' && image === undefined)
          command.error('insert wants the address of an image.', { exitCode: 2 });
        const { ejectMedia, insertMedia } = await import('../../redfish/acts/media.ts');
        const slot = options.slot === undefined ? {} : { slot: options.slot };
        if (verb === 'eject')
          return actByHand(hand, command, address, options, {
            kind: ejectMedia,
            parameters: slot,
            about: 'Eject the image',
          });
        const kind = insertMedia(await accessOf(command, options));
        const parameters = { image: image ?? '', ...slot };
        const following = { 'insert-media': kind };
        return actByHand(hand, command, address, options, { kind, parameters, about: `Insert ${image}`, following });
      },
    );
}

/** Always from the terminal: the controller's password, which the environment may hold, is none of that server's. */
async function accessOf(command: Command, { imageUser }: MediaOptions) {
  if (imageUser === undefined) return null;
  const password = await askPassword(`Password of ${imageUser} at the server of the image: `);
  if (password === null)
    command.error('There is no terminal to ask for the password of --image-user on.', { exitCode: 2 });
  return { username: imageUser, password };
}

type Drive = Awaited<ReturnType<typeof readDrives>>[number];

const columns: Column<Drive>[] = [
  { title: 'drive', cell: ({ path }) => path },
  { title: 'takes', cell: ({ types }) => types.join(', ') },
  { title: 'holds', cell: ({ image, inserted }) => image ?? (inserted ? 'something' : null), flexible: true },
];

async function list(hand: Hand, command: Command, address: string, options: HandOptions): Promise<void> {
  const { screen } = hand.open();
  const { pin, value } = await hand.ask(command, address, options, (session) => readDrives(session, options));
  screen.answer({ pin, drives: value }, () => {
    showPin(screen, pin, options.pin);
    screen.table(columns, value, 'It has no virtual drives.');
  });
}

async function readDrives(session: Session, { system }: HandOptions) {
  const { openProbe } = await import('../../redfish/probe.ts');
  const { readMedia } = await import('../../redfish/media.ts');
  const { probe } = await openProbe(session, { hostPath: system ?? null });
  const offers = await probe.offer('media');
  return Promise.all(offers.map(({ path }) => readMedia(session, path)));
}
