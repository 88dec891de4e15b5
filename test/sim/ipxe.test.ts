import { expect, test } from 'vitest';
import { renderBootstrap, renderLocal, renderWait } from '../../boot/render.ts';
import { type IpxeHost, parseIpxe, runIpxe } from '../../sim/ipxe.ts';

function host(overrides: Partial<IpxeHost> = {}): IpxeHost & { readonly seen: string[] } {
  const seen: string[] = [];
  return {
    seen,
    settings: { mac: '02:5a:00:00:01:00', platform: 'efi', serial: 'A B', manufacturer: 'M' },
    fetchScript: async (url) => {
      seen.push(`script ${url}`);
      return null;
    },
    fetchImage: async (url) => seen.push(`image ${url}`) > 0,
    sanBoots: () => false,
    loaderBoots: () => false,
    sleep: async (seconds) => void seen.push(`sleep ${seconds}`),
    ...overrides,
  };
}

const surroundings = { bootUrl: 'http://10.0.0.1:8080', agentUrl: 'https://10.0.0.1:8443', consoles: ['ttyS0'] };

test('text that is not a script is refused, as iPXE does', async () => {
  expect(parseIpxe('<html>')).toBeNull();
  expect(await runIpxe('<html>', host())).toEqual({ do: 'exit' });
});

test('the real bootstrap script starts the kernel with its arguments after fetching both files', async () => {
  const token = 'x'.repeat(43);
  const script = renderBootstrap(surroundings, {
    mac: '02:5a:00:00:01:00',
    token,
    time: 5,
    fast: true,
    address: null,
    arch: 'x86_64',
  });
  const machine = host();
  const outcome = await runIpxe(script, machine);
  expect(outcome).toMatchObject({
    do: 'kernel',
    arguments: { 'farrier.token': token, 'farrier.fast': '1', 'farrier.url': 'https://10.0.0.1:8443' },
  });
  expect(machine.seen).toEqual([
    'image http://10.0.0.1:8080/files/boot/vmlinuz',
    'image http://10.0.0.1:8080/files/boot/initrd',
  ]);
});

test('a file that is missing makes the real script sleep and ask again, with the settings filled in', async () => {
  const script = renderBootstrap(surroundings, {
    mac: '02:5a:00:00:01:00',
    token: 'x'.repeat(43),
    time: 5,
    fast: false,
    address: null,
    arch: 'x86_64',
  });
  const machine = host({
    fetchImage: async () => false,
    fetchScript: async (url) => {
      machine.seen.push(url);
      return '#!ipxe\nreboot\n';
    },
  });
  expect(await runIpxe(script, machine)).toEqual({ do: 'reboot' });
  expect(machine.seen[0]).toBe('sleep 5');
  expect(machine.seen[1]).toContain('mac=02:5a:00:00:01:00&');
  expect(machine.seen[1]).toContain('serial=A%20B');
});

test('the real wait script asks again until something else is answered, however often', async () => {
  let requestCount = 0;
  const wait = renderWait(surroundings, 3, 'pool full');
  const machine = host({
    fetchScript: async () => {
      requestCount += 1;
      return requestCount < 500 ? wait : renderLocal(surroundings, 'efi', 'x86_64');
    },
    loaderBoots: () => true,
  });
  expect(await runIpxe(wait, machine)).toEqual({ do: 'disk' });
  expect(requestCount).toBe(500);
});

test('the real local script starts the disk, and gives way when there is none', async () => {
  const efi = renderLocal(surroundings, 'efi', 'x86_64');
  const bios = renderLocal(surroundings, 'bios', 'x86_64');
  expect(await runIpxe(efi, host({ loaderBoots: () => true }))).toEqual({ do: 'disk' });
  expect(await runIpxe(efi, host())).toEqual({ do: 'exit' });
  expect(await runIpxe(bios, host({ sanBoots: () => true }))).toEqual({ do: 'disk' });
  expect(await runIpxe(bios, host())).toEqual({ do: 'exit' });
});

test('labels, conditions and both joiners work; an endless circle ends', async () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: iPXE's own.
  const script = '#!ipxe\nset x 1\niseq ${x} 1 && goto yes || goto no\n:no\npoweroff\n:yes\niseq ${x} 2 || reboot\n';
  expect(await runIpxe(script, host())).toEqual({ do: 'reboot' });
  expect(await runIpxe('#!ipxe\n:a\ngoto a\n', host())).toEqual({ do: 'exit' });
  expect(await runIpxe('#!ipxe\ngoto nowhere\n', host())).toEqual({ do: 'exit' });
  expect(await runIpxe('#!ipxe\nunheardof\nreboot\n', host())).toEqual({ do: 'exit' });
});
