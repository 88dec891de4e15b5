import { createHash, randomBytes } from 'node:crypto';
import { createServer as createPlain } from 'node:http';
import { createServer as createSecure } from 'node:https';
import type { AddressInfo } from 'node:net';
import { openAuthority } from '../../boot/authority.ts';
import { renderBootstrap, renderLocal, renderWait } from '../../boot/render.ts';
import { type AgentRecord, formatRecords, parseRecords } from '../../contract/records.ts';

export interface Reported {
  readonly machine: string;
  readonly path: string;
  readonly records: readonly AgentRecord[];
}

interface Known {
  token: string;
  session: string;
  ready: string;
  seq: number;
  directive: Record<string, string>;
  state: 'birth' | 'healthy' | 'wait';
  disk: string;
  platform: 'bios' | 'efi';
}

const image = { id: 'os-1', path: 'os/os-1.tar.gz', content: Buffer.from('an image of the operating system') };

const bootSum = createHash('sha256').update(Buffer.alloc(1000)).digest('hex');
const bootSums = { kernel_sha256: bootSum, initrd_sha256: bootSum };

/** A birther and an agent API that know just enough to lead a machine through a birth; the renderer is the real one. */
export async function startFakeSite(folder: string) {
  const authority = await openAuthority(folder);
  const known = new Map<string, Known>();
  const reported: Reported[] = [];
  const boots: string[] = [];
  const faults = { agentDown: 0, refuseReady: false, otherBootFiles: false };
  const token = () => randomBytes(32).toString('base64url');
  const sha256 = createHash('sha256').update(image.content).digest('hex');

  const plain = createPlain((request, response) => {
    const url = new URL(request.url ?? '/', 'http://birther');
    if (url.pathname === '/boot.ipxe') return void response.end(script(url.searchParams));
    const bytes = url.pathname.startsWith('/files/os/') ? image.content : Buffer.alloc(1000);
    if (url.pathname.endsWith('missing')) return void response.writeHead(404).end();
    const sum = url.pathname.startsWith('/files/os/') ? sha256 : faults.otherBootFiles ? '0'.repeat(64) : bootSum;
    const etag = { etag: `"${sum}"` };
    response.writeHead(request.headers.range ? 206 : 200, {
      'content-length': request.headers.range ? 5 : bytes.length,
      ...etag,
    });
    return void response.end(
      request.method === 'HEAD' ? undefined : bytes.subarray(0, request.headers.range ? 5 : undefined),
    );
  });
  await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
  const bootUrl = `http://127.0.0.1:${(plain.address() as AddressInfo).port}`;
  const surroundings = { bootUrl, agentUrl: '', consoles: ['ttyS0'] };

  function script(query: URLSearchParams): string {
    const mac = query.get('mac') ?? '';
    boots.push(mac);
    const platform = query.get('platform') === 'efi' ? 'efi' : 'bios';
    const machine = known.get(mac) ?? {
      token: '',
      session: '',
      ready: '',
      seq: 0,
      directive: {},
      state: 'birth',
      disk: '',
      platform,
    };
    known.set(mac, machine);
    if (machine.state === 'healthy') return renderLocal(surroundings, platform, 'x86_64');
    if (machine.state === 'wait') return renderWait(surroundings, 1, 'hold on');
    machine.token = token();
    const bootstrap = {
      mac,
      token: machine.token,
      time: 1_800_000_000,
      fast: false,
      address: '10.2.0.5',
      arch: 'x86_64' as const,
    };
    return renderBootstrap(surroundings, bootstrap);
  }

  const secure = createSecure(
    { key: authority.agentKeyPem, cert: authority.agentCertPem },
    async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const bearer = (request.headers.authorization ?? '').slice(7);
      const url = new URL(request.url ?? '/', 'https://agent');
      if (faults.agentDown > 0) {
        faults.agentDown -= 1;
        return void response.writeHead(503).end(formatRecords([{ kind: 'error', fields: { reason: 'MDB down' } }]));
      }
      const found = [...known].find(([, one]) => [one.token, one.session, one.ready].includes(bearer) && bearer !== '');
      if (!found)
        return void response
          .writeHead(401)
          .end(formatRecords([{ kind: 'error', fields: { reason: 'unknown token' } }]));
      const records = parseRecords(Buffer.concat(chunks).toString('utf8'));
      if (url.pathname !== '/agent/next') reported.push({ machine: found[0], path: url.pathname, records });
      const answer = await converse(found[0], found[1], url, records);
      return void response
        .writeHead(answer === null ? 409 : 200)
        .end(formatRecords(answer ?? [{ kind: 'error', fields: { reason: 'no' } }]));
    },
  );
  await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
  surroundings.agentUrl = `https://127.0.0.1:${(secure.address() as AddressInfo).port}`;

  const direct = (machine: Known, directive: Record<string, string>) => {
    machine.directive = directive;
    machine.seq += 1;
  };

  async function converse(
    mac: string,
    machine: Known,
    url: URL,
    records: readonly AgentRecord[],
  ): Promise<AgentRecord[] | null> {
    const ok: AgentRecord[] = [{ kind: 'ok', fields: {} }];
    switch (url.pathname) {
      case '/agent/hello':
        machine.session = token();
        machine.token = '';
        direct(machine, { do: 'wait' });
        return [{ kind: 'session', fields: { token: machine.session, order: 'o', machine: mac } }];
      case '/agent/inventory':
        machine.disk = records.find(({ kind }) => kind === 'disk')?.fields.serial ?? '';
        direct(machine, { do: 'burnin', burnin: 'b', stress: '20', cap: '600' });
        return ok;
      case '/agent/burnin':
        direct(machine, installOrder(machine));
        return ok;
      case '/agent/installed':
        machine.state = 'healthy';
        direct(machine, { do: 'handover', hostname: 'h', address: '10.1.0.65/16' });
        return ok;
      case '/agent/credentials':
        machine.ready = token();
        return [{ kind: 'ready', fields: { token: machine.ready } }];
      case '/agent/ready':
        return faults.refuseReady ? null : ok;
      case '/agent/next': {
        const until = Date.now() + Number(url.searchParams.get('wait')) * 1000;
        while (machine.seq === Number(url.searchParams.get('seq')) && Date.now() < until)
          await new Promise((resolve) => setTimeout(resolve, 5));
        return [{ kind: 'directive', fields: { seq: String(machine.seq), ...machine.directive } }];
      }
      default:
        return ok;
    }
  }

  const installOrder = (machine: Known) => ({
    do: 'install',
    image: image.id,
    kind: 'compute',
    path: image.path,
    bytes: String(image.content.length),
    sha256,
    hostname: 's001-u01',
    address: '10.1.0.65/16',
    mark: '9c4f0d1e-0000-4000-8000-000000000001',
    disk: machine.disk,
    ...bootSums,
    system: 'archive',
  });

  return {
    bootUrl,
    ca: authority.caPem,
    known,
    told: reported,
    boots,
    faults,
    close: async () => {
      for (const server of [plain, secure]) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
}

export type FakeSite = Awaited<ReturnType<typeof startFakeSite>>;
