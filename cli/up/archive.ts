import { gzipSync } from 'node:zlib';

/** One 512-byte header of POSIX `ustar`, for a file of root's that everyone may read. */
function header(name: string, bytes: number): Buffer {
  const block = Buffer.alloc(512);
  const put = (text: string, at: number) => block.write(text, at, 'latin1');
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, '0')}\0`;
  put(name, 0);
  put(octal(0o644, 7), 100);
  put(octal(0, 7), 108);
  put(octal(0, 7), 116);
  put(octal(bytes, 11), 124);
  put(octal(0, 11), 136);
  put('0', 156);
  put('ustar\x0000', 257);
  put('root', 265);
  put('root', 297);
  // The checksum is taken with its own field read as blanks.
  block.fill(' ', 148, 156);
  put(
    `${octal(
      block.reduce((sum, byte) => sum + byte, 0),
      6,
    )} `,
    148,
  );
  return block;
}

/** A gzipped tar of text files, the same bytes for the same files every time. Names are at most 99 characters. */
export function packFiles(files: Readonly<Record<string, string>>): Buffer {
  const blocks = Object.entries(files).flatMap(([name, text]) => {
    const body = Buffer.from(text);
    return [header(name, body.length), body, Buffer.alloc((512 - (body.length % 512)) % 512)];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]), { level: 9 });
}

/**
 * An image for simulated machines: a whole, signed archive that says what it is. A simulated machine reads and
 * checks it as a real one does, but runs nothing from it, so there is no system in it.
 */
export function simulatedImage(kind: string): Buffer {
  return packFiles({
    'etc/os-release': `ID=farrier-simulated\nNAME="Farrier simulated ${kind} image"\nVARIANT_ID=${kind}\n`,
    README: 'This archive is installed on simulated machines only. It holds no system that could boot.\n',
  });
}
