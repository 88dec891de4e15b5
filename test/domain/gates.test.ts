import { describe, expect, it } from 'vitest';
import {
  type CandidateFacts,
  type GateFacts,
  judgeCandidates,
  type PermitCandidate,
} from '../../domain/permits/gates.ts';
import { changePolicy, chooseMostNamed, standardPermitPolicy, termsOf } from '../../domain/permits/policy.ts';

const context: GateFacts = {
  policy: standardPermitPolicy({ tag: 'rack' }),
  group: { total: 10, healthy: 10 },
  capacity: 2,
  room: 2,
  opensAt: null,
  rate: null,
  brake: null,
};
const line: PermitCandidate[] = ['p1', 'p2', 'p3'].map((id) => ({ id, class: 'maintenance' }));
const well: CandidateFacts = { healthy: true, busy: null };
const factsOf = (...facts: (CandidateFacts | undefined)[]) =>
  new Map(line.map(({ id }, index) => [id, facts[index] ?? well]));
const judged = (change: Partial<GateFacts>, ...facts: (CandidateFacts | undefined)[]) => {
  const { granted, held, gate } = judgeCandidates({ ...context, ...change }, line, factsOf(...facts));
  return { granted: granted.map(({ id }) => id), held: held.map(({ id }) => id), gate: gate?.kind ?? null };
};

describe('the gates in front of a grant', () => {
  it('let those in line go as far as there is room', () => {
    expect(judged({})).toEqual({ granted: ['p1', 'p2'], held: [], gate: 'capacity' });
    expect(judgeCandidates({ ...context, room: 0 }, [], new Map()).gate?.kind).toBe('capacity');
  });

  it('let others pass one that is kept back by something of its own', () => {
    expect(judged({}, { healthy: true, busy: 'order o-1 works on the machine' })).toEqual({
      granted: ['p2', 'p3'],
      held: ['p1'],
      gate: null,
    });
  });

  it('keep a closed window shut for all but an emergency', () => {
    expect(judged({ opensAt: 1000 })).toEqual({ granted: [], held: ['p1', 'p2', 'p3'], gate: 'window' });
    const urgent = [{ id: 'p1', class: 'emergency' as const }];
    expect(judgeCandidates({ ...context, opensAt: 1000 }, urgent, factsOf()).granted).toEqual(urgent);
  });

  it('hold by brake and by healthy share only a machine that is well', () => {
    const breaker = { kind: 'brake', reason: 'a storm', until: null } as const;
    expect(judged({ brake: breaker }, { healthy: false, busy: null })).toMatchObject({
      granted: ['p1'],
      gate: 'brake',
    });
    const policy = { ...context.policy, minHealthy: 90 };
    expect(judged({ policy })).toMatchObject({ granted: ['p1'], held: ['p2', 'p3'], gate: 'healthy' });
  });

  it('stop at the rate', () => {
    expect(judged({ rate: { left: 1, until: 60_000 } })).toEqual({ granted: ['p1'], held: [], gate: 'rate' });
  });
});

describe('the policy of a semaphore', () => {
  it('is the one that names most', () => {
    const any = { operation: '*', tag: '*', value: '*' };
    const rows = [any, { ...any, operation: 'reboot', tag: 'rack' }, { ...any, value: 'A01' }];
    expect(chooseMostNamed(rows)).toBe(rows[2]);
    expect(chooseMostNamed(rows.slice(0, 2))).toBe(rows[1]);
  });

  it('has a number or a percentage, whichever was set last', () => {
    const tenth = standardPermitPolicy({ tag: 'rack' });
    const two = changePolicy(tenth, { capacity: 2 });
    expect([two.capacity, two.percent]).toEqual([2, null]);
    expect(changePolicy(two, { percent: 50 })).toMatchObject({ capacity: null, percent: 50 });
    expect([termsOf(tenth, 25).capacity, termsOf(tenth, 4).capacity, termsOf(two, 99).capacity]).toEqual([2, 1, 2]);
  });
});
