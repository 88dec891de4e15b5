import { z } from 'zod';
import * as contract from '../../contract/api.ts';
import type { DriftList } from '../../contract/driftschemas.ts';
import { hardwareQueue, lifecycleQueue } from '../../contract/machine.ts';
import { bootLoop } from '../../domain/bootloop.ts';
import { isEngaged } from '../../domain/circuitbreaker.ts';
import { isMigrated } from '../../mdb/api/readiness.ts';
import { type AuditFigures, readAuditFigures } from '../../mdb/audit/marks.ts';
import { persistentFailers } from '../../mdb/boot/counts.ts';
import { readBootStats } from '../../mdb/boot/stats.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { countConformity } from '../../mdb/drift/listing.ts';
import { countFleet, type FleetCounts } from '../../mdb/machines/fleet.ts';
import { countConformance, countConsumption, countHealth } from '../../mdb/machines/views.ts';
import { hasAdmin } from '../../mdb/people/admins.ts';
import { listProcesses, listSiteIds, type ProcessSeen } from '../../mdb/processes.ts';
import { readOwnRights } from '../../mdb/roles.ts';
import { readBreaker } from '../../mdb/service/circuitbreaker.ts';
import { renderAuditMetrics } from './auditmetrics.ts';
import {
  examineAside,
  examineAudit,
  examineBreaker,
  examineLoops,
  examineProcesses,
  examineRights,
  examineSignIn,
} from './findings.ts';
import { renderFleetMetrics } from './fleet.ts';
import { gauge } from './gauge.ts';
import { countLosses, examineLosses, type Losses, readLosses } from './rehydrate.ts';
import { type ApiRoute, route } from './route.ts';

/** Seconds that a message may wait before somebody should look at the dispatcher. */
const maxLagSeconds = 60;
/** Seconds until a dispatcher that works has tried a message at least once. */
const maxUntakenSeconds = 15;

/** What the reconciler found, and whether it goes round. Pure. */
export function examineDrift(
  { drifting, unknown, plansWaiting, comparedAt }: Conformity,
  now: number,
): contract.Finding[] {
  const old = comparedAt !== null && now - Date.parse(comparedAt) > 86_400_000;
  return [
    {
      name: 'reconciler',
      ok: !old,
      message: comparedAt === null ? 'no round has ended yet' : `its last round ended at ${comparedAt}`,
    },
    {
      name: 'drift',
      ok: drifting === 0,
      message: `${drifting} machines are other than wanted, and of ${unknown} it is not known`,
    },
    { name: 'plans', ok: plansWaiting === 0, message: `${plansWaiting} campaigns against drift wait for a person` },
  ];
}

type Conformity = DriftList['summary'];

/** What a person should look at, a sentence each. Pure. */
export function examine(counts: FleetCounts): contract.Finding[] {
  const kinds = ['compute', 'storage', 'debug'].filter((kind) => !counts.images.includes(kind));
  const full = counts.freeAddresses.filter(({ free }) => free === 0).map(({ network }) => network);
  return [
    { name: 'mdb', ok: true, message: 'the MDB answers' },
    {
      name: 'outbox',
      ok: counts.outboxLag <= maxLagSeconds && counts.outboxUntaken <= maxUntakenSeconds,
      message:
        counts.outboxUntaken > maxUntakenSeconds
          ? `no dispatcher takes messages: of ${counts.outboxDue} the oldest waits for ${Math.round(counts.outboxUntaken)} s untried`
          : `${counts.outboxDue} messages wait for Temporal, the oldest for ${Math.round(counts.outboxLag)} s`,
    },
    { name: 'steps', ok: counts.lateSteps === 0, message: `${counts.lateSteps} steps are past their limit` },
    { name: 'questions', ok: counts.openQuestions === 0, message: `${counts.openQuestions} steps wait for a person` },
    {
      name: 'tickets',
      ok: counts.mirrorsBehind === 0,
      message: `${counts.mirrorsBehind} tickets wait for a ticket system in trouble`,
    },
    {
      name: 'controllers',
      ok: counts.controllersUnread === 0,
      message: `${counts.controllersUnread} controllers could not be read when it was last their turn`,
    },
    { name: 'held', ok: counts.held === 0, message: `${counts.held} machines are held` },
    {
      name: 'inventories',
      ok: counts.remarked === 0,
      message: `of ${counts.remarked} machines parts were left out, had moved, or are another machine's too: farrier machine show tells which`,
    },
    {
      name: 'addresses',
      ok: full.length === 0,
      message: full.length === 0 ? 'every network has free addresses' : `no free address in ${full.join(', ')}`,
    },
    {
      name: 'images',
      ok: kinds.length === 0,
      message: kinds.length === 0 ? 'there is an image of every kind' : `there is no image of kind ${kinds.join(', ')}`,
    },
  ];
}

export const doctorRoutes: readonly ApiRoute[] = [
  route({
    method: 'GET',
    path: '/doctor',
    tag: 'health',
    summary: 'Findings that need a person',
    right: { role: 'viewer', of: 'fleet' },
    effect: 'read',
    answers: { 200: contract.doctor },
    handle: async ({ mdb, trustsLoopback = true }) => {
      const sites = await listSiteIds(mdb);
      const counts = await countFleet(mdb);
      const findings = [
        ...examine(counts),
        examineSignIn(trustsLoopback, await hasAdmin(mdb)),
        examineRights(await readOwnRights(mdb)),
        examineAudit(await readAuditFigures(mdb)),
        examineAside(counts),
        examineBreaker(await readBreaker(mdb), Date.now()),
        examineLoops(await findLoops(mdb)),
        ...examineProcesses(await listProcesses(mdb), sites),
        ...examineLosses(await readLosses(mdb), Date.now()),
        ...examineDrift(await countConformity(mdb), Date.now()),
      ];
      return { ok: findings.every(({ ok }) => ok), findings, queues: [lifecycleQueue, ...sites.map(hardwareQueue)] };
    },
  }),
  route({
    method: 'GET',
    path: '/boots',
    tag: 'boots',
    summary: 'Boot requests and answers of the last minutes',
    right: { role: 'viewer', of: 'fleet' },
    effect: 'read',
    query: contract.bootQuery,
    answers: { 200: contract.bootStatsView },
    handle: async ({ query, mdb }) => readBootStats(mdb, query.minutes),
  }),
];

const findLoops = (mdb: Mdb) => persistentFailers(mdb.$client, bootLoop.minutes * 60, bootLoop.times);

/** For load balancers and Prometheus; no names of machines in either. */
export const monitoringRoutes: readonly ApiRoute[] = [
  route({
    method: 'GET',
    path: '/readyz',
    tag: 'health',
    summary: 'Whether requests can be served: the MDB answers, and has the schema of this build',
    right: { role: 'anyone', of: 'fleet' },
    effect: 'read',
    outside: true,
    answers: { 200: contract.readinessView, 503: contract.readinessView },
    handle: async ({ mdb, reply }) => {
      const waitsFor = await isMigrated(mdb).then(
        (migrated) => (migrated ? [] : ["the MDB's schema is older than this build"]),
        () => ['the MDB does not answer'],
      );
      reply.code(waitsFor.length === 0 ? 200 : 503);
      return { ok: waitsFor.length === 0, waitsFor };
    },
  }),
  route({
    method: 'GET',
    path: '/healthz',
    tag: 'health',
    summary: 'Whether the API answers, and its MDB',
    right: { role: 'anyone', of: 'fleet' },
    effect: 'read',
    outside: true,
    answers: { 200: contract.healthView },
    handle: async ({ mdb }) => {
      await mdb.execute('select 1');
      return { ok: true };
    },
  }),
  route({
    method: 'GET',
    path: '/metrics',
    tag: 'health',
    summary: 'Figures of the fleet, for Prometheus',
    right: { role: 'anyone', of: 'fleet' },
    effect: 'read',
    outside: true,
    produces: 'text/plain',
    answers: { 200: z.string() },
    handle: async ({ mdb, reply }) =>
      reply.type('text/plain; version=0.0.4; charset=utf-8').send(
        renderMetrics(await countFleet(mdb), await countConformity(mdb), await readLosses(mdb), {
          looping: (await findLoops(mdb)).length,
          braked: isEngaged(await readBreaker(mdb), Date.now()),
          processes: await listProcesses(mdb),
          audit: await readAuditFigures(mdb),
          views: renderFleetMetrics(await countConformance(mdb), await countConsumption(mdb), await countHealth(mdb)),
        }),
      ),
  }),
];

interface Seen {
  /** Machines that cannot stay up. */
  readonly looping: number;
  readonly braked: boolean;
  readonly processes: readonly ProcessSeen[];
  readonly audit: AuditFigures;
  /** The figures by rack, as they are told. */
  readonly views: readonly string[];
}

/** Prometheus text of the fleet's figures. Pure. */
export function renderMetrics(
  counts: FleetCounts,
  conformity: Conformity,
  losses: Losses,
  { looping, braked, processes, audit, views }: Seen,
): string {
  return [
    gauge(
      'farrier_machines',
      'Machines by stage and state.',
      counts.machines.map(({ stage, opState, count }) => `{stage="${stage}",state="${opState}"} ${count}`),
    ),
    gauge('farrier_machines_held', 'Machines that are held.', [` ${counts.held}`]),
    gauge('farrier_machines_remarked', 'Machines of whose inventory something was left out, had moved, or is shared.', [
      ` ${counts.remarked}`,
    ]),
    gauge('farrier_machines_aside', 'Machines out of production that nobody works on.', [` ${counts.asideCount}`]),
    gauge('farrier_machines_boot_looping', 'Machines and MACs that booted five times within ten minutes.', [
      ` ${looping}`,
    ]),
    gauge('farrier_brake_engaged', 'Whether the storm brake keeps machines in production.', [` ${braked ? 1 : 0}`]),
    gauge(
      'farrier_process_silence_seconds',
      'Since each process was last seen to work.',
      processes.map(({ name, siteId, age }) => `{process="${name}",site="${siteId}"} ${age}`),
    ),
    gauge('farrier_controllers_unread', 'Controllers that could not be read when it was last their turn.', [
      ` ${counts.controllersUnread}`,
    ]),
    gauge('farrier_power_watts', 'What the machines drew at the latest readings of their controllers.', [
      ` ${counts.watts}`,
    ]),
    gauge('farrier_fleet_conformant', 'Machines that were found as their profile wants them.', [
      ` ${conformity.conformant}`,
    ]),
    gauge('farrier_fleet_drifting', 'Machines that are other than wanted.', [` ${conformity.drifting}`]),
    gauge('farrier_fleet_unknown', 'Machines of which it is not known.', [` ${conformity.unknown}`]),
    gauge('farrier_workflows_missing', 'What the latest comparison with the workflows found missing or useless.', [
      ` ${countLosses(losses)}`,
    ]),
    gauge('farrier_workflows_compared_seconds', 'Unix time at which the latest comparison with the workflows ended.', [
      ` ${Math.round((losses.latest?.endedAt?.getTime() ?? 0) / 1000)}`,
    ]),
    gauge('farrier_orders_idle', 'Orders that wait although nothing is before them.', [` ${losses.idle.length}`]),
    gauge('farrier_orders_live', 'Orders that wait or run.', [` ${counts.liveOrders}`]),
    gauge('farrier_steps_late', 'Steps past their limit.', [` ${counts.lateSteps}`]),
    gauge('farrier_questions_open', 'Steps that wait for a person.', [` ${counts.openQuestions}`]),
    gauge('farrier_mirrors_behind', 'Tickets that wait for a ticket system in trouble.', [` ${counts.mirrorsBehind}`]),
    gauge('farrier_outbox_due', 'Messages not delivered yet.', [` ${counts.outboxDue}`]),
    gauge('farrier_outbox_lag_seconds', 'Age of the oldest of them.', [` ${counts.outboxLag}`]),
    gauge(
      'farrier_addresses_free',
      'Free addresses by kind of network.',
      counts.freeAddresses.map(({ network, free }) => `{network="${network}"} ${free}`),
    ),
    ...renderAuditMetrics(audit),
    ...views,
    '',
  ].join('\n');
}
