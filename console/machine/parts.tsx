import type { MachineView } from '../../contract/api.ts';
import { Table } from './table.tsx';

const known = (value: string | number | null) => (value === null || value === '' ? '–' : String(value));

/** `16 GiB`, of what memory is sold in. */
const formatMib = (mib: number) => (mib % 1024 === 0 ? `${mib / 1024} GiB` : `${mib} MiB`);
/** `960 GB`, of what disks are sold in. */
const formatBytes = (bytes: number) =>
  bytes >= 1e12 ? `${(bytes / 1e12).toFixed(1)} TB` : `${Math.round(bytes / 1e9)} GB`;

type PartRow = readonly [kind: string, slot: string, what: string, serial: string];

/** What a machine is made of, by slot, as its agent and its controller reported it last. */
export function Parts({ view: { machine, identity, parts } }: { readonly view: MachineView }) {
  const rows: readonly PartRow[] = [
    ['System', 'case', `${known(identity.vendor)} ${known(machine.product)}`, known(machine.serial)],
    ...(identity.boardSerial === null
      ? []
      : [['Board', 'board', known(identity.biosVersion), identity.boardSerial] as PartRow]),
    ...parts.cpus.map(
      ({ socket, model, cores }): PartRow => ['Processor', `socket ${socket}`, `${model}, ${cores} cores`, '–'],
    ),
    ...parts.dimms.map(
      ({ slot, mib, serial, partNumber, speedMts }): PartRow => [
        'Memory',
        slot,
        [formatMib(mib), speedMts === null ? null : `${speedMts} MT/s`, partNumber].filter(Boolean).join(', '),
        known(serial),
      ],
    ),
    ...parts.disks.map(
      ({ name, model, bytes, serial, present, content }): PartRow => [
        'Disk',
        name,
        `${known(model)}, ${formatBytes(bytes)}, ${content}${present ? '' : ', not there any more'}`,
        serial,
      ],
    ),
    ...parts.nics.map(
      ({ name, mac, speedMbps, neighbourName, neighbourPort }): PartRow => [
        'Network card',
        known(name),
        [
          speedMbps === null ? null : `${speedMbps} Mbit/s`,
          neighbourName === null ? null : `at ${neighbourName} ${known(neighbourPort)}`,
        ]
          .filter(Boolean)
          .join(', ') || '–',
        mac,
      ],
    ),
    ...parts.accelerators.map(({ pci, vendor, device }): PartRow => ['Accelerator', pci, `${vendor} ${device}`, '–']),
    ...(parts.bmc === null
      ? []
      : [
          [
            'Controller',
            parts.bmc.origin,
            `${known(parts.bmc.vendor)}, firmware ${known(parts.bmc.firmwareVersion)}${parts.bmc.quarantine === null ? '' : `, quarantined: ${parts.bmc.quarantine}`}`,
            known(parts.bmc.mac),
          ] as PartRow,
        ]),
  ];
  const notes = [...identity.remarks, ...identity.unseen];
  return (
    <>
      <Table
        title="Parts"
        head={['Part', 'Slot', 'What it is', 'Serial number or MAC']}
        rows={rows.map((cells) => ({ key: cells.join(' '), cells }))}
      />
      {notes.length > 0 && (
        <ul>
          {notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
    </>
  );
}
