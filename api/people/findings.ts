/** What a person should look at besides the figures of the fleet, a sentence each. Pure. */

import type { Finding } from '../../contract/api.ts';
import { bootLoop } from '../../domain/bootloop.ts';
import { type BreakerState, describeEngaged, isEngaged } from '../../domain/circuitbreaker.ts';
import { type AuditFigures, streamPrefix, verifiedMark } from '../../mdb/audit/marks.ts';
import type { BootStat } from '../../mdb/boot/counts.ts';
import type { FleetCounts } from '../../mdb/machines/fleet.ts';
import { maxSilenceSeconds, type ProcessName, type ProcessSeen } from '../../mdb/processes.ts';
import type { OwnRights } from '../../mdb/roles.ts';

/** Milliseconds that a clock may be wrong: leases and windows are of minutes. */
const maxClockErrorMs = 5000;
/** Machines that one sentence names. */
const mostNamed = 10;

const processTitles: Readonly<Record<ProcessName, string>> = {
  dispatch: 'dispatcher',
  lifecycle: 'lifecycle worker',
  hardware: 'hardware worker',
  birther: 'birther',
  agents: "agents' API",
};
/** Each site needs its own. */
const local: ReadonlySet<ProcessName> = new Set(['hardware', 'birther', 'agents']);

/** Which of Farrier's processes work, and whether their clocks agree with the MDB's. */
export function examineProcesses(seen: readonly ProcessSeen[], sites: readonly string[]): Finding[] {
  const findings = (Object.keys(processTitles) as ProcessName[]).map((name): Finding => {
    const rows = seen.filter((one) => one.name === name);
    const missing = local.has(name)
      ? sites.flatMap((site) =>
          describeSilence(
            processTitles[name],
            rows.filter(({ siteId }) => siteId === site),
            ` of site ${site}`,
          ),
        )
      : describeSilence(processTitles[name], rows, '');
    return { name, ok: missing.length === 0, message: missing.join('; ') || `the ${processTitles[name]} works` };
  });
  const wrong = seen.filter(({ age, clockAhead }) => age < maxSilenceSeconds && Math.abs(clockAhead) > maxClockErrorMs);
  const problems = wrong.map(({ name, siteId, clockAhead }) => {
    const off = `${Math.round(Math.abs(clockAhead) / 1000)} s ${clockAhead > 0 ? 'ahead of' : 'behind'}`;
    return `the clock of ${name}${siteId === '' ? '' : ` of site ${siteId}`} is ${off} the MDB's`;
  });
  const clock = {
    name: 'clock',
    ok: problems.length === 0,
    message: problems.join('; ') || "all clocks agree with the MDB's",
  };
  return [...findings, clock];
}

function describeSilence(what: string, rows: readonly ProcessSeen[], where: string): string[] {
  if (rows.length === 0) return [`no ${what}${where} was ever seen`];
  const age = Math.min(...rows.map((row) => row.age));
  if (age <= maxSilenceSeconds) return [];
  return [`no ${what}${where} was seen for ${age < 120 ? `${Math.round(age)} s` : `${Math.round(age / 60)} min`}`];
}

export function examineBreaker(breaker: BreakerState, now: number): Finding {
  const ok = !isEngaged(breaker, now);
  const message = ok
    ? 'the storm brake is not engaged'
    : `${describeEngaged(breaker)} (by ${breaker.engagedBy ?? 'nobody'})`;
  return { name: 'brake', ok, message };
}

/** Machines that cannot stay up. */
export function examineLoops(failers: readonly BootStat[]): Finding {
  const named = failers
    .slice(0, mostNamed)
    .map(({ machineId, mac, requests }) => `${machineId ?? mac} ${requests} times`);
  const more = failers.length > mostNamed ? ` and ${failers.length - mostNamed} more` : '';
  const message =
    failers.length === 0
      ? `no machine booted ${bootLoop.times} times within ${bootLoop.minutes} minutes`
      : `booted again and again: ${named.join(', ')}${more}, within ${bootLoop.minutes} minutes`;
  return { name: 'boot loops', ok: failers.length === 0, message };
}

/** Machines that are out of production while nobody works on them: they come back only by somebody's word. */
export function examineAside({ aside, asideCount }: Pick<FleetCounts, 'aside' | 'asideCount'>): Finding {
  const more = asideCount > aside.length ? ` and ${asideCount - aside.length} more` : '';
  const message =
    asideCount === 0
      ? 'every machine is in production, or somebody works on it'
      : `out of production, with nothing ordered: ${aside.join(', ')}${more} (farrier undrain)`;
  return { name: 'aside', ok: asideCount === 0, message };
}

/** Whether this process could change the audit, or take away what guards it. */
export function examineRights({ role, superuser, owner, changes }: OwnRights): Finding {
  const why = superuser ? 'is a superuser' : owner ? 'owns its tables' : changes ? 'has rights to change it' : null;
  const message =
    why === null
      ? `Farrier works as ${role}, which cannot change the audit`
      : `Farrier works as ${role}, which ${why}: it could change the audit and its guards (farrier mdb roles)`;
  return { name: 'database-role', ok: why === null, message };
}

/** Seconds that a place outside may be behind before somebody should look. */
const maxStreamLagSeconds = 300;

/** Whether the audit is whole, and where it is to be kept besides. */
export function examineAudit({ rows, marks }: AuditFigures): Finding {
  const verified = marks.find(({ id }) => id === verifiedMark);
  const broken = verified?.trouble ?? null;
  const behind = marks.filter(({ id, lagSeconds }) => id.startsWith(streamPrefix) && lagSeconds > maxStreamLagSeconds);
  const streams = behind.map(
    ({ id, lagRows, trouble }) =>
      `${id.slice(streamPrefix.length)} lacks ${lagRows} rows: ${trouble ?? 'nobody sends them'}`,
  );
  const said = broken === null ? `${rows} rows, verified to row ${verified?.row ?? 0}` : `it is broken: ${broken}`;
  return { name: 'audit', ok: broken === null && behind.length === 0, message: [said, ...streams].join('; ') };
}

/** Who may ask here without saying who they are, and whether anybody could sign in from elsewhere. */
export function examineSignIn(trustsLoopback: boolean, admin: boolean): Finding {
  const others = admin
    ? 'others sign in'
    : 'nobody can sign in from elsewhere yet (farrier person add, farrier token create)';
  if (trustsLoopback)
    return { name: 'sign-in', ok: true, message: `who is on this machine is its administrator; ${others}` };
  return {
    name: 'sign-in',
    ok: admin,
    message: admin ? 'everybody signs in' : 'nobody is admin of the whole fleet: farrier mdb token NAME --role admin',
  };
}
