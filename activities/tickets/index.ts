import type { TicketAdapter } from '../../domain/machine.ts';
import type { ConnectionStore } from '../../integrations/http/connection.ts';
import { OutsideError } from '../../integrations/http/errors.ts';
import { backOff, isDown, paceOf } from '../../integrations/tickets/pacing.ts';
import type { OpenTicketSystem } from '../../integrations/tickets/system.ts';
import type { Mdb } from '../../mdb/connect.ts';
import {
  adoptTickets,
  countMirrors,
  dueLanes,
  leaseMirrors,
  type MirrorRow,
  postponeMirror,
} from '../../mdb/people/mirrors.ts';
import { syncMirror } from './sync.ts';

// Loaded by the first ticket that needs it: the client of Jira alone is 60 MB in memory.
const adapters: Record<TicketAdapter, () => Promise<OpenTicketSystem>> = {
  jira: async () => (await import('../../integrations/tickets/jira.ts')).openJira,
  github: async () => (await import('../../integrations/tickets/github.ts')).openGithub,
  gitlab: async () => (await import('../../integrations/tickets/gitlab.ts')).openGitlab,
  servicenow: async () => (await import('../../integrations/tickets/servicenow.ts')).openServicenow,
  webhook: async () => (await import('../../integrations/tickets/webhook.ts')).openTicketWebhook,
};

/** Tickets of one system a round, and seconds for which one is nobody else's: longer than its few requests may take. */
const batch = 20;
const leaseSeconds = 300;
/** Tickets of one system that are worked on at once. */
const hands = 4;

export interface Mirroring {
  /** Finds tickets that want a mirror, and says at which systems something is due. */
  lanes(): Promise<string[]>;
  /** Does what is due at one system; how many were looked at, and the trouble met. */
  run(lane: string): Promise<{ looked: number; trouble: string | null }>;
}

export function createMirroring(mdb: Mdb, connections: ConnectionStore): Mirroring {
  return {
    async lanes() {
      await adoptTickets(mdb);
      return dueLanes(mdb);
    },
    async run(lane) {
      const round: MirrorRound = { lane, pace: paceOf(await countMirrors(mdb, lane)), left: batch, down: null };
      await Promise.all(Array.from({ length: hands }, () => work(mdb, connections, round)));
      if (round.down !== null) {
        for (const other of await leaseMirrors(mdb, lane, 1000, leaseSeconds)) await postpone(mdb, other, round.down);
      }
      return { looked: batch - round.left, trouble: round.down?.message ?? null };
    },
  };
}

interface MirrorRound {
  readonly lane: string;
  readonly pace: number;
  left: number;
  down: OutsideError | null;
}

/** One hand takes what is due, ticket by ticket, until the round is over. */
async function work(mdb: Mdb, connections: ConnectionStore, round: MirrorRound): Promise<void> {
  while (round.left > 0 && round.down === null) {
    round.left -= 1;
    const [mirror] = await leaseMirrors(mdb, round.lane, 1, leaseSeconds);
    if (!mirror) {
      round.left += 1;
      return;
    }
    const error = await tryOne(mdb, connections, mirror, round.pace);
    if (error === null) continue;
    await postpone(mdb, mirror, error);
    if (isDown(error)) round.down = error;
  }
}

async function postpone(mdb: Mdb, mirror: MirrorRow, error: OutsideError): Promise<void> {
  await postponeMirror(mdb, mirror.ticketId, backOff(mirror.attempts, error), error.message);
}

async function tryOne(
  mdb: Mdb,
  connections: ConnectionStore,
  mirror: MirrorRow,
  pace: number,
): Promise<OutsideError | null> {
  try {
    const [open, connection] = await Promise.all([
      adapters[mirror.adapter](),
      connections.connection(mirror.secretRef),
    ]);
    const { system, end } = open(connection, mirror.settings);
    await syncMirror(mdb, system, mirror, pace).finally(end);
    return null;
  } catch (error) {
    if (error instanceof OutsideError) return error;
    throw error;
  }
}
