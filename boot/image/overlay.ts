/**
 * The site's part of the bootstrap image: what makes an image trust one site and no other. Nothing secret. It is an
 * uncompressed cpio archive behind the image's own, which the kernel unpacks over it.
 */

export interface SiteTrust {
  /** PEM of the CA that signed the agent API's certificate. */
  readonly caPem: string;
  /** SPKI PEM of the key that signs images. */
  readonly imagePublicKeyPem: string;
}

interface Entry {
  readonly path: string;
  readonly mode: number;
  readonly content: Buffer;
}

const folder = 0o040755;
const file = 0o100644;

/** The overlay archive; the same trust gives the same bytes. */
export function renderOverlay(trust: SiteTrust): Buffer {
  const entries: Entry[] = [
    { path: 'etc', mode: folder, content: Buffer.alloc(0) },
    { path: 'etc/farrier', mode: folder, content: Buffer.alloc(0) },
    { path: 'etc/farrier/ca.pem', mode: file, content: Buffer.from(trust.caPem) },
    { path: 'etc/farrier/image.pub', mode: file, content: Buffer.from(trust.imagePublicKeyPem) },
  ];
  const parts = entries.map((entry, index) => renderEntry(entry, index + 1));
  return padded(
    Buffer.concat([...parts, renderEntry({ path: 'TRAILER!!!', mode: 0, content: Buffer.alloc(0) }, 0)]),
    512,
  );
}

/** The site's initrd: the image's own with the overlay behind it, where the kernel looks for a next archive. */
export function addOverlay(initrd: Buffer, trust: SiteTrust): Buffer {
  return Buffer.concat([padded(initrd, 4), renderOverlay(trust)]);
}

/** One entry in the `newc` format: a header of thirteen 8-digit hexadecimal numbers, the name, the content. */
function renderEntry({ path, mode, content }: Entry, inode: number): Buffer {
  const links = mode === folder ? 2 : 1;
  const name = `${path}\0`;
  const numbers = [inode, mode, 0, 0, links, 1_577_836_800, content.length, 0, 0, 0, 0, name.length, 0];
  const header = `070701${numbers.map((number) => number.toString(16).padStart(8, '0')).join('')}${name}`;
  return Buffer.concat([padded(Buffer.from(header), 4), padded(content, 4)]);
}

function padded(bytes: Buffer, unit: number): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((unit - (bytes.length % unit)) % unit)]);
}
