/** At which address the people's API may serve, and by what: others than this machine's own are let in by name, over TLS. */
import { readFile } from 'node:fs/promises';
import { hostname, networkInterfaces } from 'node:os';
import type { Authority } from '../../boot/authority.ts';
import { isLoopback, type Listen } from '../../host/listen.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { hasAdmin } from '../../mdb/people/admins.ts';
import { isOutage } from '../../mdb/trouble.ts';

export interface DoorSetting {
  readonly listen: Listen;
  readonly trustsLoopback: boolean;
  /** Names by which it is called besides its own address and this machine's name. */
  readonly names: readonly string[];
  /** Files in PEM, in place of a certificate of the site's authority. */
  readonly files: { readonly cert: string; readonly key: string } | null;
}

/** It may not serve there; the message is a sentence for a person. */
export class ClosedDoor extends Error {
  override readonly name = 'ClosedDoor';
}

/** By what to serve there; null for no TLS. Throws ClosedDoor. */
export async function openDoor(
  mdb: Mdb,
  authority: Pick<Authority, 'openApiCertificate'>,
  { listen, trustsLoopback, names, files }: DoorSetting,
): Promise<{ readonly cert: string; readonly key: string } | null> {
  const address = `${listen.host}:${listen.port}`;
  const own = isLoopback(listen.host);
  if (!own && trustsLoopback)
    throw new ClosedDoor(
      `FARRIER_TRUST_LOOPBACK is yes and FARRIER_API_LISTEN is ${address}, which others reach: let one of them go`,
    );
  if (!own) await mustHaveAdmin(mdb, address);
  if (files !== null) return { cert: await read(files.cert), key: await read(files.key) };
  if (own) return null;
  const { certificatePem: cert, keyPem: key } = await authority.openApiCertificate(hostsOf(listen, names));
  return { cert, key };
}

async function mustHaveAdmin(mdb: Mdb, address: string): Promise<void> {
  const known = await hasAdmin(mdb).catch((error: unknown) => {
    if (!isOutage(error)) throw error;
    throw new ClosedDoor(
      `FARRIER_API_LISTEN is ${address}, which others reach, and the MDB does not say who may: try again`,
    );
  });
  if (known) return;
  throw new ClosedDoor(
    `FARRIER_API_LISTEN is ${address}, which others reach, and nobody is admin yet: make the first token with \`farrier mdb token NAME --role admin\` (FARRIER_MDB_URL as here), and start again`,
  );
}

async function read(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: Error) => {
    throw new ClosedDoor(`the API's certificate or key cannot be read: ${error.message}`);
  });
}

/** By which names and addresses its certificate is good. */
function hostsOf({ host }: Listen, names: readonly string[]): string[] {
  const every = /^(0\.0\.0\.0|::)$/.test(host);
  const addresses = Object.values(networkInterfaces()).flatMap((cards) => (cards ?? []).map(({ address }) => address));
  const own = every ? addresses.filter((address) => !address.startsWith('fe80:')) : [host];
  return [...new Set([...names, hostname().toLowerCase(), ...own])];
}
