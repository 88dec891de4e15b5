import type { Logger } from 'pino';
import { reportBootLoop, reportMismatch } from '../mdb/boot.ts';
import type { Mdb } from '../mdb/connect.ts';
import { recordPoolFull } from '../mdb/strangers.ts';
import type { BootTroubleFound } from './decide.ts';
import type { Breaker } from './guards.ts';

const againAfter = 60_000;
const remembered = 10_000;

export interface Teller {
  /** Tells the MDB of trouble with a machine. The MDB makes it happen once; this only spares it the asking. */
  trouble(found: BootTroubleFound): Promise<void>;
  poolFull(mac: string): Promise<void>;
}

export function createTeller(mdb: Mdb, siteId: string, run: Breaker['run'], log: Logger): Teller {
  const told = new Map<string, number>();

  async function tell(topic: string, write: () => Promise<unknown>): Promise<void> {
    const now = Date.now();
    if ((told.get(topic) ?? 0) > now - againAfter) return;
    if (told.size >= remembered) told.clear();
    told.set(topic, now);
    try {
      await run(write);
    } catch (error) {
      told.delete(topic);
      log.warn({ topic, error: String(error) }, 'trouble could not be told; the next request tries again');
    }
  }

  return {
    async trouble({ machine, kind, reason }) {
      if (kind === 'loop' && machine.held === reason) return;
      const report = { machineId: machine.id, orderId: machine.orderId, reason };
      await tell(`${machine.id}/${kind}/${machine.orderId}`, () =>
        kind === 'loop' ? reportBootLoop(mdb, report) : reportMismatch(mdb, report, new Date()),
      );
    },
    async poolFull(mac) {
      log.error({ mac }, 'no temporary address is free on the birth network');
      await tell('pool-full', () => recordPoolFull(mdb, siteId, mac));
    },
  };
}
