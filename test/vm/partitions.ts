export interface Partition {
  /** Bytes from the start of the disk. */
  readonly offset: number;
  readonly bytes: number;
}

const sector = 512;
/** MBR type of the entry that only says: look at the GPT. */
const protective = 0xee;
const unused = Buffer.alloc(16);

function gpt(start: Buffer): Partition[] {
  const header = start.subarray(sector, 2 * sector);
  if (header.toString('latin1', 0, 8) !== 'EFI PART') throw new Error('a protective MBR without a GPT behind it');
  const [first, count, size] = [Number(header.readBigUInt64LE(72)), header.readUInt32LE(80), header.readUInt32LE(84)];
  return Array.from({ length: count }, (_, index) => start.subarray(first * sector + index * size)).flatMap((entry) => {
    if (entry.subarray(0, 16).equals(unused)) return [];
    const [from, to] = [Number(entry.readBigUInt64LE(32)), Number(entry.readBigUInt64LE(40))];
    return [{ offset: from * sector, bytes: (to - from + 1) * sector }];
  });
}

/** The partitions that a disk's first MiB tells of: GPT, or the four of an MBR. */
export function readPartitions(start: Buffer): Partition[] {
  if (start.readUInt16LE(510) !== 0xaa55) throw new Error('the disk has no partition table');
  const entries = [0, 1, 2, 3].map((index) => start.subarray(446 + index * 16, 462 + index * 16));
  if (entries.some((entry) => entry[4] === protective)) return gpt(start);
  return entries
    .filter((entry) => entry[4] !== 0)
    .map((entry) => ({ offset: entry.readUInt32LE(8) * sector, bytes: entry.readUInt32LE(12) * sector }));
}
