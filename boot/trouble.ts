import type { Logger } from 'pino';
import { reportBootLoop } from '../mdb/boot/boot.ts';
import type { Mdb } from '../mdb/connect.ts';
import { recordCardElsewhere } from '../mdb/identity/newcomers.ts';
import { recordPoolFull } from '../mdb/identity/unknown.ts';
import type { BootTroubleFound } from './decide.ts';
import type { Breaker } from './guards.ts';

const againAfter = 60_000;
const remembered = 10_000;

export interface TroubleRecorder {
  /** Tells the MDB of trouble with a machine. The MDB makes it happen once; this only spares it the asking. */
  trouble(found: BootTroubleFound, mac: string): Promise<void>;
  /** Writes down, once a minute at most for one MAC, who asks and may not be who they look like. */
  newcomer(mac: string, found: BootTroubleFound, write: () => Promise<void>): Promise<void>;
  poolFull(mac: string): Promise<void>;
}

export function createTroubleRecorder(mdb: Mdb, siteId: string, run: Breaker['run'], log: Logger): TroubleRecorder {
  const recordedAt = new Map<string, number>();

  async function record(topic: string, write: () => Promise<unknown>): Promise<void> {
    const now = Date.now();
    if ((recordedAt.get(topic) ?? 0) > now - againAfter) return;
    if (recordedAt.size >= remembered) recordedAt.clear();
    recordedAt.set(topic, now);
    try {
      await run(write);
    } catch (error) {
      recordedAt.delete(topic);
      log.warn({ topic, error: String(error) }, 'trouble could not be told; the next request tries again');
    }
  }

  return {
    async trouble({ machine, kind, reason, cardOf }, mac) {
      if (kind === 'loop' && machine.held === reason) return;
      const report = { machineId: machine.id, orderId: machine.orderId, reason };
      await record(`${machine.id}/${kind}/${machine.orderId}/${cardOf ?? ''}`, async () => {
        if (kind === 'loop') await reportBootLoop(mdb, report);
        else if (cardOf !== undefined) await recordCardElsewhere(mdb, { mac, from: cardOf, to: machine.id, reason });
      });
    },
    newcomer: (mac, { machine, reason }, write) => {
      log.warn({ mac, resembles: machine.id, reason }, 'somebody asks who may not be who they look like');
      return record(`newcomer/${mac}`, write);
    },
    async poolFull(mac) {
      log.error({ mac }, 'no temporary address is free on the birth network');
      await record('pool-full', () => recordPoolFull(mdb, siteId, mac));
    },
  };
}
