import { basename } from 'node:path';
import { Argument, type Command } from 'commander';
import type { FirmwareReading } from '../../redfish/read/firmware.ts';
import type { Screen } from '../context.ts';
import type { Column } from '../table.ts';
import { actByHand } from './act.ts';
import { dryRunOption, type Hand, type HandOptions, systemOption, yesOption } from './hand.ts';
import { type SystemContext, showSystem } from './reading.ts';

/** `farrier bmc firmware ADDRESS [update FILE --component C --to VERSION]`. */
export function addFirmware(hand: Hand): void {
  hand
    .add('firmware', 'versions of its firmware, or an update of one component from a file')
    .addArgument(new Argument('[verb]', 'what to do; lists them without').choices(['update']))
    .argument('[file]', 'for update: the image')
    .option('--component <name>', 'for update: what the image is for, as it is listed')
    .option('--to <version>', 'for update: the version that is to be read back')
    .option(...systemOption)
    .option(...yesOption)
    .option(...dryRunOption)
    .action(
      async (
        address: string,
        verb: 'update' | undefined,
        file: string | undefined,
        options: HandOptions & { component?: string; to?: string },
        command: Command,
      ) => {
        if (verb === undefined) return showSystem(hand, command, address, options, read, show);
        const { component, to: version } = options;
        if (file === undefined || component === undefined || version === undefined)
          return command.error('update wants a file, --component and --to.', { exitCode: 2 });
        const { startFirmware, updateFirmware } = await import('../../redfish/acts/firmware.ts');
        const { fileImage, sha256Of } = await import('../../redfish/firmware/file.ts');
        const sha256 = await sha256Of(file).catch((error: Error) =>
          command.error(`${file} can't be read: ${error.message}`, { exitCode: 2 }),
        );
        await actByHand(hand, command, address, options, {
          kind: updateFirmware,
          parameters: { component, version, image: basename(file), sha256 },
          about: `Update the firmware of ${component} to ${version} from ${file}`,
          following: { 'start-firmware': startFirmware },
          images: { open: () => fileImage(file, basename(file), null) },
        });
      },
    );
}

async function read({ session, probe }: SystemContext) {
  const { openReader } = await import('../../redfish/read/reader.ts');
  const { readFirmware } = await import('../../redfish/read/firmware.ts');
  const { componentsOf } = await import('../../redfish/firmware/component.ts');
  const firmware = await readFirmware(await openReader(session));
  const keys = new Map(componentsOf(firmware).map((one) => [one.firmware, one.key]));
  const update = await probe.offer('update');
  return {
    firmware: firmware.map((one) => ({ ...one, component: keys.get(one) ?? '' })),
    update: update && {
      multipart: update.multipart !== null,
      push: update.push !== null,
      address: update.simple?.values ?? null,
      maxBytes: update.maxBytes,
    },
  };
}

const columns: Column<FirmwareReading & { readonly component: string }>[] = [
  { title: 'component', cell: ({ component }) => component, flexible: true },
  { title: 'name', cell: ({ name }) => name, flexible: true },
  { title: 'version', cell: ({ version }) => version },
  { title: 'runs', cell: ({ inForce, copy }) => (inForce ? 'yes' : (copy ?? 'kept')) },
];

function show(screen: Screen, observed: Awaited<ReturnType<typeof read>>): void {
  const { firmware, update } = observed;
  screen.table(columns, firmware, 'It shows no firmware.');
  const ways = update && [
    ...(update.multipart ? ['a form'] : []),
    ...(update.push ? ['a bare upload'] : []),
    ...(update.address ? [`an address (${update.address.join(', ') || 'any'})`] : []),
  ];
  screen.line(ways?.length ? `Takes images by ${ways.join(', ')}.` : 'Offers no way to update firmware.');
}
