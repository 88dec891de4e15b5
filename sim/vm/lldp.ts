import type { Seconds } from '../../domain/duration.ts';

/** One port of the switch as it shows itself by LLDP. */
export interface PortFace {
  /** A MAC address (sent as subtype 4) or any other text (subtype 7, locally assigned). */
  readonly chassis: string;
  readonly port: string;
  readonly description: string;
  readonly system: string;
  /** VLAN of untagged frames (IEEE 802.1 port VLAN id); null leaves the field out. */
  readonly pvid: number | null;
  /** Seconds for which a neighbour may believe it. */
  readonly ttl?: Seconds;
}

const multicast = Buffer.from('0180c200000e', 'hex');
const etherType = Buffer.from('88cc', 'hex');
const mac = /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i;
const shortestFrame = 60;

function field(type: number, value: Buffer): Buffer {
  if (value.length > 511) throw new RangeError(`an LLDP field holds 511 bytes at most, not ${value.length}`);
  const head = Buffer.alloc(2);
  head.writeUInt16BE((type << 9) | value.length);
  return Buffer.concat([head, value]);
}

function identified(type: number, subtype: number, value: Buffer): Buffer {
  return field(type, Buffer.concat([Buffer.from([subtype]), value]));
}

function chassisField(chassis: string): Buffer {
  if (mac.test(chassis)) return identified(1, 4, Buffer.from(chassis.replaceAll(':', ''), 'hex'));
  return identified(1, 7, Buffer.from(chassis));
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

/** A whole Ethernet frame (IEEE 802.1AB), padded to the shortest length, without the checksum. */
export function lldpFrame(face: PortFace, source: string): Buffer {
  const fields = [
    chassisField(face.chassis),
    // 5: interface name.
    identified(2, 5, Buffer.from(face.port)),
    field(3, u16(face.ttl ?? 120)),
    field(4, Buffer.from(face.description)),
    field(5, Buffer.from(face.system)),
    ...(face.pvid === null ? [] : [field(127, Buffer.concat([Buffer.from('0080c201', 'hex'), u16(face.pvid)]))]),
    field(0, Buffer.alloc(0)),
  ];
  const frame = Buffer.concat([multicast, Buffer.from(source.replaceAll(':', ''), 'hex'), etherType, ...fields]);
  return Buffer.concat([frame, Buffer.alloc(Math.max(0, shortestFrame - frame.length))]);
}
