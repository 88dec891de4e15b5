/** Where inventories come from: files, standard input, and other systems' APIs. */
import { open } from 'node:fs/promises';
import { type ImportFormat, maxInventory } from '../domain/imports/row.ts';

/** Pages of a list, and devices whose interfaces are asked for at once. */
const maxPages = 1000;
const devicesAtOnce = 50;
const timeoutMs = 60_000;

export interface Source {
  /** A file, `-` for standard input, or a URL. */
  readonly from: string;
  readonly format?: ImportFormat | undefined;
  /** By which a URL lets in. */
  readonly token?: string | undefined;
}

/** The text of an inventory; of NetBox's API all pages of devices and of their interfaces in one. */
export async function readSource({ from, format, token }: Source): Promise<string> {
  if (!/^https?:\/\//i.test(from)) return readFileBounded(from);
  const url = new URL(from);
  if (url.username !== '' || url.password !== '')
    throw new Error('give what lets in as FARRIER_IMPORT_TOKEN: an address is seen by others, and kept in histories');
  const reader = openReader(url, token);
  const isNetbox = format === 'netbox' || (format === undefined && url.pathname.includes('/api/dcim/'));
  return isNetbox ? readNetbox(reader, url) : reader.text(url);
}

async function readFileBounded(from: string): Promise<string> {
  const name = from === '-' ? 'standard input' : from;
  const file = await open(from === '-' ? '/dev/stdin' : from).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`${name} can't be read: ${error.code === 'ENOENT' ? 'there is no such file' : error.message}`);
  });
  try {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of file.createReadStream({ autoClose: false })) {
      bytes += (chunk as Buffer).length;
      if (bytes > maxInventory) throw new Error(`${name} is larger than ${maxInventory / 1024 ** 2} MiB`);
      chunks.push(chunk as Buffer);
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch (error) {
    throw error instanceof TypeError ? new Error(`${name} is not text in UTF-8`) : error;
  } finally {
    await file.close();
  }
}

interface Reader {
  text(url: URL): Promise<string>;
}

/** Reads of one origin, within a number of bytes in all; the token goes nowhere else, and not in the clear. */
function openReader({ origin, protocol, hostname }: URL, token: string | undefined): Reader {
  const isHere = hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
  if (token !== undefined && protocol !== 'https:' && !isHere)
    throw new Error(`a token is not sent to ${origin}, where others could read it: use https`);
  let left = maxInventory;
  return {
    text: async (url) => {
      if (url.origin !== origin) throw new Error(`${origin} sends on to another place, ${url.origin}`);
      const response = await fetch(url, {
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
        headers: {
          accept: 'application/json, text/*, */*',
          ...(token !== undefined && { authorization: schemeOf(token) }),
        },
      }).catch((error: Error) => {
        const { cause } = error as { cause?: { message?: string } };
        throw new Error(`${origin} does not answer: ${cause?.message ?? error.message}`);
      });
      if (!response.ok) throw new Error(`${origin} answered ${response.status} to ${url.pathname}`);
      const chunks: Uint8Array[] = [];
      for await (const chunk of response.body ?? []) {
        left -= chunk.length;
        if (left < 0) throw new Error(`${origin} sends more than ${maxInventory / 1024 ** 2} MiB`);
        chunks.push(chunk);
      }
      return Buffer.concat(chunks).toString('utf8');
    },
  };
}

/** As it is where it says how it is to be shown; NetBox's tokens are shown as `Token`, or since version 4.5 as `Bearer`. */
function schemeOf(token: string): string {
  if (token.includes(' ')) return token;
  return token.startsWith('nbt_') ? `Bearer ${token}` : `Token ${token}`;
}

async function readNetbox(reader: Reader, url: URL): Promise<string> {
  const devicesUrl = new URL(url);
  if (!url.pathname.includes('/api/dcim/devices'))
    devicesUrl.pathname = `${url.pathname.replace(/\/+$/, '')}/api/dcim/devices/`;
  else if (!url.pathname.endsWith('/')) devicesUrl.pathname = `${url.pathname}/`;
  if (!devicesUrl.searchParams.has('limit')) devicesUrl.searchParams.set('limit', '200');
  const devices = await readPages(reader, devicesUrl);
  const ids = devices.flatMap((one) =>
    typeof one === 'object' && one !== null && 'id' in one ? [String(one.id)] : [],
  );
  const interfaces: unknown[] = [];
  for (let at = 0; at < ids.length; at += devicesAtOnce) {
    const page = new URL(devicesUrl);
    page.pathname = devicesUrl.pathname.replace(/devices\/$/, 'interfaces/');
    page.search = '';
    page.searchParams.set('limit', '1000');
    for (const id of ids.slice(at, at + devicesAtOnce)) page.searchParams.append('device_id', id);
    interfaces.push(...(await readPages(reader, page)));
  }
  return JSON.stringify({ devices, interfaces });
}

/** All pages: of the address of the next one path and query count, since what stands before NetBox may name it otherwise. */
async function readPages(reader: Reader, first: URL): Promise<unknown[]> {
  const found: unknown[] = [];
  let url: URL | null = first;
  for (let pages = 0; url !== null; pages += 1) {
    if (pages === maxPages) throw new Error(`${first.origin} has more than ${maxPages} pages`);
    const page = pageOf(await reader.text(url), first);
    found.push(...page.results);
    const next: URL | null = page.next === null ? null : URL.parse(page.next, first.href);
    if (next !== null && next.hostname !== first.hostname)
      throw new Error(`${first.origin} sends on to another place, ${next.origin}`);
    url = next === null ? null : new URL(`${next.pathname}${next.search}`, first);
  }
  return found;
}

function pageOf(text: string, { origin }: URL): { readonly results: unknown[]; readonly next: string | null } {
  try {
    const { results, next = null } = JSON.parse(text) as { results?: unknown; next?: unknown };
    if (Array.isArray(results) && (next === null || typeof next === 'string')) return { results, next };
  } catch {
    // The same as JSON that is no page.
  }
  throw new Error(`${origin} answered something that is no page of NetBox`);
}
