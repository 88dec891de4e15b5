/** What takes a second person because less is guarded by it than before: the storm brake, capacity, and four eyes themselves. */
import { type ApprovalAct, type ApprovalPolicy, standardApprovalPolicy } from '../../../domain/approvals.ts';
import { type CapacityRule, ruleFor } from '../../../domain/capacity.ts';
import type { BreakerLimits } from '../../../domain/circuitbreaker.ts';
import { isEngaged } from '../../../domain/circuitbreaker.ts';
import type { PolicyKind } from '../../../domain/policies.ts';
import type { Mdb } from '../../../mdb/connect.ts';
import { readApprovalPolicy } from '../../../mdb/people/approvals.ts';
import { listVersions } from '../../../mdb/policies/versions.ts';
import { listRules } from '../../../mdb/service/capacity.ts';
import { readBreaker } from '../../../mdb/service/circuitbreaker.ts';
import { type Eyes, jsonOf, line } from './eyes.ts';

interface Guarding<Body> {
  readonly body: Body;
  readonly mdb: Mdb;
}

const guard = (act: ApprovalAct, what: string, ...lines: readonly string[]): Eyes => ({
  ...{ acts: [act], what, machineIds: [], plan: lines.map(line) },
});

export async function eyesOfRelease({
  body: { overrideMinutes },
  mdb,
}: Guarding<{ readonly overrideMinutes?: number | undefined }>): Promise<Eyes | null> {
  const breaker = await readBreaker(mdb);
  const engaged = isEngaged(breaker, Date.now());
  if (!engaged && overrideMinutes === undefined) return null;
  const since = breaker.engagedAt?.toISOString();
  return guard(
    'brake',
    overrideMinutes === undefined ? 'release of the storm brake' : `no storm brake for ${overrideMinutes} minutes`,
    engaged
      ? `release the storm brake, engaged ${since} by ${breaker.engagedBy}: ${breaker.reason}`
      : 'it is not engaged',
    ...(overrideMinutes === undefined ? [] : [`keep it from engaging for ${overrideMinutes} minutes`]),
  );
}

/** By which limits it engages later, or lets go sooner. */
const looser: Readonly<Record<keyof BreakerLimits, (before: number, after: number) => boolean>> = {
  perMinute: (before, after) => after > before,
  share: (before, after) => after > before,
  shareFloor: (before, after) => after > before,
  windowMinutes: (before, after) => after < before,
  coolMinutes: (before, after) => after < before,
};

export async function eyesOfLimits({
  body,
  mdb,
}: Guarding<{ readonly [Name in keyof BreakerLimits]?: number | undefined }>): Promise<Eyes | null> {
  const before = await readBreaker(mdb);
  const names = Object.keys(looser) as (keyof BreakerLimits)[];
  const changed = names.flatMap((name) => {
    const after = body[name];
    return after === undefined || after === before[name] ? [] : [{ name, before: before[name], after }];
  });
  if (!changed.some((one) => looser[one.name](one.before, one.after))) return null;
  const lines = changed.map((one) => `${one.name}: ${one.after} instead of ${one.before}`);
  return guard('brake', 'looser limits of the storm brake', ...lines);
}

type Minimum = Pick<CapacityRule, 'scope' | 'name' | 'unit'> & { readonly min: number | null };

export async function eyesOfCapacity({
  body: { scope, name, min, unit },
  mdb,
}: Guarding<Minimum>): Promise<Eyes | null> {
  const rules = await listRules(mdb);
  const before = ruleFor(rules, scope, name);
  // What was not guarded is guarded by it, or stays unguarded.
  if (before === null) return null;
  const own = before.name === name;
  const after =
    min === null
      ? own
        ? ruleFor(
            rules.filter((one) => one !== before),
            scope,
            name,
          )
        : before
      : { min, unit };
  if (after !== null && after.unit === before.unit && after.min >= before.min) return null;
  const say = (one: { min: number; unit: string } | null) =>
    one === null ? 'nothing' : `${one.min}${one.unit === 'percent' ? ' %' : ' machines'}`;
  const group = scope === 'fleet' ? 'the fleet' : `${scope} ${name}`;
  return guard(
    'capacity',
    `a lower minimum for ${group}`,
    `${group} must keep ${say(after)} instead of ${say(before)}`,
  );
}

interface Restoring {
  readonly params: { readonly kind: PolicyKind; readonly subject: string };
  readonly body: { readonly version: number };
  readonly mdb: Mdb;
}

const guardedBy: Readonly<Partial<Record<PolicyKind, ApprovalAct>>> = {
  capacity: 'capacity',
  'circuit-breaker': 'brake',
  approval: 'policy',
};

export async function eyesOfRestore({ params: { kind, subject }, body, mdb }: Restoring): Promise<Eyes | null> {
  const act = guardedBy[kind];
  const versions = act === undefined ? [] : await listVersions(mdb, kind, subject);
  const wanted = versions.find(({ version }) => version === body.version);
  if (act === undefined || wanted === undefined) return null;
  const say = (value: unknown) => (value === null ? 'taken away' : jsonOf(value));
  return guard(
    act,
    `version ${body.version} of ${kind} ${subject} again`,
    `now: ${say(versions[0]?.value ?? null)}`,
    `then: ${say(wanted.value)}`,
  );
}

export async function eyesOfPolicy({
  body: { acts, hours = standardApprovalPolicy.hours },
  mdb,
}: Guarding<Partial<ApprovalPolicy>>): Promise<Eyes | null> {
  const before = await readApprovalPolicy(mdb);
  const say = (some: readonly string[] = []) => (some.length === 0 ? 'nothing' : some.join(', '));
  return guard(
    'policy',
    'what takes a second person',
    `${say(acts)} takes a second person, instead of ${say(before.acts)}`,
    `what was asked waits ${hours} hours for one, instead of ${before.hours}`,
  );
}
