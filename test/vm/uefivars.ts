/** Variables of a UEFI machine, read from its flash file: EDK2's authenticated variable store. */
export interface UefiVariable {
  readonly name: string;
  readonly guid: string;
  readonly data: Buffer;
}

const start = 0x55aa;
const headerBytes = 60;
/** Written whole and not deleted since. */
const live = 0x3f;

function guidOf(bytes: Buffer): string {
  const hex = (from: number, to: number) => bytes.subarray(from, to).toString('hex');
  const swapped = (from: number, to: number) => Buffer.from(bytes.subarray(from, to)).reverse().toString('hex');
  return [swapped(0, 4), swapped(4, 6), swapped(6, 8), hex(8, 10), hex(10, 16)].join('-');
}

/** Live variables; headers are found by their start mark, since the store's place differs between builds. */
export function readUefiVariables(flash: Buffer): UefiVariable[] {
  const found: UefiVariable[] = [];
  for (let at = 0; at + headerBytes < flash.length; at += 4) {
    if (flash.readUInt16LE(at) !== start || flash.readUInt8(at + 2) !== live || flash.readUInt8(at + 3) !== 0) continue;
    const [nameBytes, dataBytes] = [flash.readUInt32LE(at + 36), flash.readUInt32LE(at + 40)];
    const nameAt = at + headerBytes;
    if (nameBytes < 4 || nameBytes > 1024 || nameAt + nameBytes + dataBytes > flash.length) continue;
    const dataAt = nameAt + nameBytes;
    found.push({
      name: flash.subarray(nameAt, dataAt - 2).toString('utf16le'),
      guid: guidOf(flash.subarray(at + 44, at + 60)),
      data: flash.subarray(dataAt, dataAt + dataBytes),
    });
  }
  return found;
}
