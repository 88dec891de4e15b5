import { sql } from 'drizzle-orm';
import type { MdbOrTransaction } from '../connect.ts';
import { listed, type Row, rowsOf } from '../rows.ts';
import { tagsSql } from './attributes.ts';

export interface MachineDetail {
  readonly identity: {
    readonly vendor: string | null;
    readonly sku: string | null;
    readonly boardSerial: string | null;
    readonly systemUuid: string | null;
    readonly firmware: string | null;
    readonly biosVersion: string | null;
    readonly profile: string | null;
    readonly owner: string | null;
    readonly temporaryAddress: string | null;
    readonly requiredImage: string | null;
    readonly observedImage: string | null;
    readonly mark: string;
    readonly wipeReason: string | null;
    readonly keyStore: string | null;
    readonly keyFingerprint: string | null;
    readonly bootId: string | null;
    readonly bootstraps: number;
    readonly remarks: string[];
    readonly unseen: string[];
    readonly resembles: string | null;
  };
  readonly directive: { readonly seq: number; readonly do: string };
  readonly memoryMib: number | null;
  readonly tags: Record<string, string>;
  readonly cpus: { socket: number; model: string; cores: number; threads: number }[];
  readonly dimms: {
    slot: string;
    mib: number;
    serial: string | null;
    partNumber: string | null;
    speedMts: number | null;
  }[];
  readonly disks: {
    readonly serial: string;
    readonly name: string;
    readonly model: string | null;
    readonly bytes: number;
    readonly rotational: boolean;
    readonly content: string;
    readonly present: boolean;
  }[];
  readonly nics: {
    readonly mac: string;
    readonly name: string | null;
    readonly driver: string | null;
    readonly speedMbps: number | null;
    readonly carrier: boolean | null;
    readonly neighbourName: string | null;
    readonly neighbourChassis: string | null;
    readonly neighbourPort: string | null;
  }[];
  readonly accelerators: { readonly pci: string; readonly vendor: string; readonly device: string }[];
  readonly bmc: {
    readonly origin: string;
    readonly mac: string | null;
    readonly vendor: string | null;
    readonly firmwareVersion: string | null;
    readonly quarantine: string | null;
  } | null;
}

/** Identity, parts and tags of one machine, for people to read. No secret and no reference to one. */
export async function readMachine(mdb: MdbOrTransaction, id: string): Promise<MachineDetail | null> {
  const [row] = await rowsOf<MachineDetail & Row>(
    mdb,
    sql`select jsonb_build_object('vendor', vendor, 'sku', sku, 'boardSerial', board_serial, 'systemUuid', system_uuid,
        'firmware', firmware, 'biosVersion', bios_version, 'profile', profile_id, 'owner', owner,
        'temporaryAddress', host(temporary_address), 'requiredImage', required_image, 'observedImage', observed_image,
        'mark', mark, 'wipeReason', wipe_reason, 'keyStore', key_store, 'keyFingerprint', key_fingerprint,
        'bootId', boot_id, 'bootstraps', bootstraps, 'remarks', remarks, 'unseen', unseen,
        'resembles', resembles) as identity,
      jsonb_build_object('seq', directive_seq, 'do', directive ->> 'do') as directive,
      memory_mib as "memoryMib",
      ${tagsSql} as tags,
      ${listed(sql`select socket, model, cores, threads from cpus where machine_id = m.id order by socket`)} as cpus,
      ${listed(sql`select slot, mib, serial, part_number as "partNumber", speed_mts as "speedMts" from dimms
        where machine_id = m.id order by slot`)} as dimms,
      ${listed(sql`select serial, name, model, bytes, rotational, content, present from disks
        where machine_id = m.id order by present desc, name`)} as disks,
      ${listed(sql`select mac, name, driver, speed_mbps as "speedMbps", carrier, neighbour_name as "neighbourName",
        neighbour_chassis as "neighbourChassis", neighbour_port as "neighbourPort" from nics
        where machine_id = m.id order by name`)} as nics,
      ${listed(sql`select pci, vendor, device from accelerators where machine_id = m.id order by pci`)} as accelerators,
      (select to_jsonb(b) from (select origin, mac, vendor, firmware_version as "firmwareVersion", quarantine
        from bmcs where machine_id = m.id) b) as bmc
    from machines m where id = ${id}`,
  );
  return row ?? null;
}
