import { Context } from '@temporalio/activity';
import type { DueRecords } from '../../contract/controllers.ts';
import { openClaims } from '../../mdb/claim.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { keepConsole } from '../../mdb/controllers/consoles.ts';
import { controllerOf } from '../../mdb/controllers/controller.ts';
import { listDue, listUnread, noteRecord, type RecordKind } from '../../mdb/controllers/inventory.ts';
import type { SessionPool } from '../../redfish/pool.ts';
import type { Probe } from '../../redfish/probe.ts';
import type { SecretStore } from '../../redfish/secrets.ts';
import type { Session } from '../../redfish/session.ts';
import type { SystemReading } from '../../redfish/system.ts';
import { createReach } from '../hardware/reach.ts';
import { archiveConsole } from './console.ts';
import { endSubscription, keepEventsUp } from './events.ts';
import { keepInventory } from './inventory.ts';
import { archiveLogs } from './logs.ts';
import { keepSettings } from './settings.ts';

/** Controllers in one task, and how many of them at once: births at the same site go first. */
const batch = 50;
const atOnce = 6;
/** Milliseconds that another worker is waited for, which has the same to do. */
const timeoutMs = 30_000;

/**
 * How often each record is looked after, in seconds: a lost subscription costs events, a log wraps within hours at its
 * worst, and parts are swapped by people.
 */
const intervals = { events: 900, logs: 3600, inventory: 6 * 3600 } as const;

export interface RecordsOptions {
  /** Origin at which controllers reach the receiver of events; null where nobody listens for them: then ours are ended. */
  readonly receiver: string | null;
}

/** Keeps up what controllers tell: reads, and subscriptions, which may be repeated freely. */
export function createRecordActivities(mdb: Mdb, secrets: SecretStore, pool: SessionPool, options: RecordsOptions) {
  const claims = openClaims(mdb.$client);
  const reach = createReach(mdb, secrets, pool, claims);
  const { receiver } = options;

  /** By one worker at a time: two would each make a subscription, of which the MDB knows one token. */
  const subscribe = async (session: Session, machine: { machineId: string; siteId: string }, origin: string) => {
    const why = await claims.hold(`events of ${machine.machineId}`, timeoutMs, () =>
      keepEventsUp(mdb, session, machine, origin),
    );
    return why === 'taken' ? 'another worker was at it' : why;
  };

  const keep = async (
    session: Session,
    met: { system: SystemReading; probe: Probe },
    machine: { machineId: string; siteId: string },
    kind: RecordKind,
  ) => {
    if (kind === 'events' && receiver !== null) return subscribe(session, machine, receiver);
    if (kind === 'events') await endSubscription(mdb, session, machine.machineId);
    if (kind === 'logs') return archiveLogs(mdb, session, machine.machineId);
    if (kind === 'inventory') await keepInventory(mdb, session, machine.machineId, met.system.path);
    if (kind === 'settings') await keepSettings(mdb, session, met, machine.machineId);
    return null;
  };

  /** Each record by itself: one that fails costs no other. Gives whether all went well. */
  const keepAll = async (siteId: string, { machineId, records }: DueRecords): Promise<boolean> => {
    const controller = await controllerOf(mdb, machineId);
    if (controller === null) return true;
    const outcomes: (string | null)[] = [];
    const keepOne = async (kind: RecordKind, work: Promise<string | null>) => {
      const why = await work.catch(reasonOf);
      await noteRecord(mdb, machineId, kind, why);
      outcomes.push(why);
    };
    const unreached = await reach(controller, async (session, system, probe) => {
      for (const kind of records) await keepOne(kind, keep(session, { system, probe }, { machineId, siteId }, kind));
      return null;
    }).catch(reasonOf);
    if (unreached !== null) for (const kind of records) await keepOne(kind, Promise.resolve(unreached));
    return outcomes.every((why) => why === null);
  };

  /** Keeps up what is due of these machines; gives those of which something could not be. */
  const keepMany = async (siteId: string, due: readonly DueRecords[]): Promise<string[]> => {
    const context = Context.current();
    const waiting = [...due];
    const failed: string[] = [];
    const work = async () => {
      for (let next = waiting.shift(); next && !context.cancellationSignal.aborted; next = waiting.shift())
        if (!(await keepAll(siteId, next))) failed.push(next.machineId);
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    return failed;
  };

  return {
    /** The next machines of the site with something due; none when all is kept up. */
    async dueRecords({ siteId }: { readonly siteId: string }): Promise<DueRecords[]> {
      return listDue(mdb, siteId, { intervals, subscribing: receiver !== null }, batch);
    },

    /** Keeps the end of the machine's console, or why there is none. */
    async keepConsole({ machineId }: { readonly machineId: string }): Promise<void> {
      const controller = await controllerOf(mdb, machineId);
      if (controller === null) return keepConsole(mdb, machineId, [], 'no controller of it is known');
      const why = await reach(controller, (session) => archiveConsole(mdb, session, machineId))
        .then(() => null)
        .catch(reasonOf);
      if (why !== null) await keepConsole(mdb, machineId, [], why);
    },

    keepRecords: ({ siteId, due }: { readonly siteId: string; readonly due: readonly DueRecords[] }) =>
      keepMany(siteId, due),

    /**
     * Reads settings and versions of the next machines of the site, behind `after`, of which some are wanted and that
     * were not read since a time. `after` of the answer is null when there are no more.
     */
    async readSettings({ siteId, since, after }: SettingsPage): Promise<SettingsRead> {
      const ids = await listUnread(mdb, siteId, { after, since: new Date(since) }, batch);
      const failed = await keepMany(
        siteId,
        ids.map((machineId) => ({ machineId, records: ['settings'] })),
      );
      return {
        read: ids.length - failed.length,
        unread: failed.length,
        after: ids.length < batch ? null : (ids.at(-1) ?? null),
      };
    },
  };
}

interface SettingsPage {
  readonly siteId: string;
  /** ISO 8601. */
  readonly since: string;
  readonly after: string;
}

interface SettingsRead {
  readonly read: number;
  readonly unread: number;
  readonly after: string | null;
}

export type RecordActivities = ReturnType<typeof createRecordActivities>;

function reasonOf(error: unknown): string {
  // A stop of the worker is no failure of the controller.
  if (Context.current().cancellationSignal.aborted) throw error;
  return (error instanceof Error ? error.message : String(error)).slice(0, 500);
}
