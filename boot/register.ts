import type { Mdb } from '../mdb/connect.ts';
import { type Registration, registerStranger } from '../mdb/strangers.ts';
import type { SitePolicy } from '../mdb/values.ts';
import { type Breaker, createMinuteGuard } from './guards.ts';
import type { BootRequest } from './request.ts';

export interface Registrar {
  /** Whether the stranger guard lets this MAC be recorded now. */
  admits(mac: string, policy: SitePolicy): boolean;
  /** Requests for one MAC share one registration, which counts once. */
  register(request: BootRequest, mac: string, source: string | null): Promise<Registration>;
}

export function createRegistrar(mdb: Mdb, siteId: string, run: Breaker['run']): Registrar {
  // In this process only: two birthers admit twice as many, which is still a bound.
  const guard = createMinuteGuard(Date.now);
  const running = new Map<string, Promise<Registration>>();

  async function write(request: BootRequest, mac: string, source: string | null): Promise<Registration> {
    const { uuid, serial, vendor, product, platform } = request;
    const firmware = platform === 'efi' ? 'uefi' : platform;
    return run(() => registerStranger(mdb, { siteId, mac, uuid, serial, vendor, product, firmware, source }));
  }

  return {
    admits: (mac, policy) => running.has(mac) || guard.admits(policy.strangersPerMinute),
    register(request, mac, source) {
      const known = running.get(mac);
      if (known) return known;
      guard.take();
      const started = write(request, mac, source).finally(() => running.delete(mac));
      running.set(mac, started);
      return started;
    },
  };
}
