import type { SitePolicy } from '../domain/places/site.ts';
import type { Mdb } from '../mdb/connect.ts';
import { registerNewcomer } from '../mdb/identity/newcomers.ts';
import { type Registration, registerUnknownMachine } from '../mdb/identity/unknown.ts';
import { type Breaker, createMinuteGuard } from './guards.ts';
import type { BootRequest } from './request.ts';

export interface Registrar {
  /** Whether the limit on unknown machines lets this MAC be recorded now. */
  admits(mac: string, policy: SitePolicy): boolean;
  /** Requests for one MAC share one registration, which counts once. */
  register(request: BootRequest, mac: string, source: string | null, from?: string): Promise<Registration>;
  /** Writes down who asks and looks like a machine that it may not be, so that a person is asked about it. */
  ask(request: BootRequest, mac: string, about: { resembles: string; reason: string }): Promise<void>;
}

export function createRegistrar(mdb: Mdb, siteId: string, run: Breaker['run']): Registrar {
  // In this process only: two birthers admit twice as many, which is still a bound.
  const guard = createMinuteGuard(Date.now);
  const running = new Map<string, Promise<Registration>>();

  function unknownMachineOf(request: BootRequest, mac: string, source: string | null) {
    const { uuid, serial, vendor, product, platform } = request;
    const firmware = platform === 'efi' ? ('uefi' as const) : platform;
    return { siteId, mac, uuid, serial, vendor, product, firmware, source };
  }

  async function write(request: BootRequest, mac: string, source: string | null, from?: string): Promise<Registration> {
    const unknownMachine = unknownMachineOf(request, mac, source);
    if (from === undefined) return run(() => registerUnknownMachine(mdb, unknownMachine));
    return run(() => registerNewcomer(mdb, unknownMachine, { from }));
  }

  return {
    admits: (mac, policy) => running.has(mac) || guard.admits(policy.unknownMachinesPerMinute),
    async ask(request, mac, about) {
      guard.take();
      await run(() => registerNewcomer(mdb, unknownMachineOf(request, mac, null), about));
    },
    register(request, mac, source, from) {
      const known = running.get(mac);
      if (known) return known;
      guard.take();
      const started = write(request, mac, source, from).finally(() => running.delete(mac));
      running.set(mac, started);
      return started;
    },
  };
}
