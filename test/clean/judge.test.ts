import { describe, expect, it } from 'vitest';
import type { EraseEvidence } from '../../domain/clean/erase.ts';
import type { DiskToErase, Erasure } from '../../domain/clean/plan.ts';
import { planErase } from '../../domain/clean/plan.ts';
import { judgeErasing } from '../../domain/clean/proof.ts';
import { standardEraseOthers } from '../../domain/machine.ts';

const gone: EraseEvidence = { sampled: 16, survived: 0, blank: 16 };

function erasure(change: Partial<Erasure>): Erasure {
  return { method: 'nvme-format', state: 'done', evidence: gone, ...change };
}

function disk(change: Partial<DiskToErase> = {}): DiskToErase {
  const seen = { serial: 'D1', name: 'sda', mark: null, present: true, movedTo: null };
  return { ...seen, erasure: null, vouched: false, ...change };
}

const missingOf = (change: Partial<Erasure>) => judgeErasing([disk({ erasure: erasure(change) })]).missing[0]?.why;

describe('the proof of an erasure', () => {
  it.each([
    ['nvme-format', {}],
    ['nvme-sanitize', { blank: 0 }],
    ['ata-secure-erase', {}],
    ['overwrite', {}],
    ['crypto', { blank: 0, opened: true, keyGone: true }],
  ] as const)('is there when %s left nothing of what was marked', (method, more) => {
    const judged = judgeErasing([disk({ erasure: erasure({ method, evidence: { ...gone, ...more } }) })]);
    expect(judged).toEqual({ proven: ['D1'], weak: [], missing: [], absent: [] });
  });

  it('is weak where only file systems were re-made, and said to be', () => {
    const evidence = { sampled: 16, survived: 9, blank: 0 };
    const judged = judgeErasing([disk({ erasure: erasure({ method: 'filesystems', evidence }) })]);
    expect(judged).toMatchObject({ proven: ['D1'], weak: ['D1'], missing: [] });
  });

  it.each([
    [
      'one marked block that survived',
      { evidence: { ...gone, survived: 1 } },
      '1 of 16 marked blocks were still there',
    ],
    ['blocks that nobody looked for', { evidence: {} }, '0 marked blocks were looked for instead of 16'],
    ['fewer blocks than were marked', { evidence: { ...gone, sampled: 8 } }, '8 marked blocks'],
    ['figures without survivors told', { evidence: { sampled: 16, blank: 16 } }, '16 of 16 marked blocks'],
    ['an overwrite that left something', { method: 'overwrite', evidence: { ...gone, blank: 15 } }, '1 of 16 blocks'],
    ['a key that never opened it', { method: 'crypto', evidence: { ...gone, keyGone: true } }, 'had opened it'],
    ['a key that is not gone', { method: 'crypto', evidence: { ...gone, opened: true } }, 'its key is gone'],
    ['an end that was never told', { state: 'begun' }, 'was begun, and its end was never reported'],
    ['a refusal', { state: 'refused', evidence: { words: 'frozen' } }, 'nvme-format was refused: frozen'],
    ['a failure', { state: 'failed', evidence: {} }, 'nvme-format was failed'],
    ['a word for a disk that is there again', { state: 'vouched', method: 'none' }, 'nothing shows'],
  ] as const)('is not there with %s', (_what, change, why) => {
    expect(missingOf(change as Partial<Erasure>)).toContain(why);
  });

  it('is asked of every disk ever seen, also of one that is in another machine now', () => {
    const absent = disk({ serial: 'D2', present: false, movedTo: 'm-2' });
    const judged = judgeErasing([disk(), disk({ serial: 'D3', erasure: erasure({}) }), absent]);
    expect(judged.proven).toEqual(['D3']);
    expect(judged.missing).toMatchObject([{ serial: 'D1', why: 'nothing shows that it was erased' }]);
    expect(judged.absent).toEqual([absent]);
  });

  it('of a disk that is gone is a person, or that it was erased before it went', () => {
    const away = { present: false } as const;
    expect(judgeErasing([disk({ ...away, vouched: true })]).absent).toEqual([]);
    expect(judgeErasing([disk({ ...away, erasure: erasure({ state: 'vouched', method: 'none' }) })]).absent).toEqual(
      [],
    );
    expect(judgeErasing([disk({ ...away, erasure: erasure({}) })]).proven).toEqual(['D1']);
    expect(judgeErasing([disk({ ...away, erasure: erasure({ state: 'begun' }) })]).absent).toHaveLength(1);
  });
});

describe('the choice of a method', () => {
  const pool = { erase: 'crypto', eraseOthers: standardEraseOthers } as const;
  const machine = { mark: 'M', keyStore: 'nvram' };
  const disks = [
    disk({ serial: 'S', name: 'nvme0n1', mark: 'M' }),
    disk({ serial: 'N', name: 'nvme1n1' }),
    disk({ serial: 'A', name: 'sda', mark: 'another' }),
    disk({ serial: 'V', name: 'vda' }),
  ];
  const methods = (spec: Parameters<typeof planErase>[2], keys = machine) =>
    planErase(disks, keys, spec).map(({ method }) => method);

  it('is the pool’s for the disk that Farrier encrypted, and by its kind for any other', () => {
    expect(methods({ method: null, pool })).toEqual(['crypto', 'nvme-format', 'ata-secure-erase', 'overwrite']);
  });

  it('counts no disk as encrypted on a machine that keeps no keys', () => {
    const [first] = methods({ method: null, pool }, { mark: 'M', keyStore: 'none' });
    expect(first).toBe('nvme-format');
  });

  it('is the order’s for all, also where a disk will refuse it', () => {
    expect(methods({ method: 'crypto', pool })).toEqual(['crypto', 'crypto', 'crypto', 'crypto']);
  });

  it('stays what it was on a disk that was begun, whatever its content shows since', () => {
    const begun = disk({ name: 'nvme0n1', erasure: erasure({ state: 'begun', method: 'crypto' }) });
    expect(planErase([begun], machine, { method: null, pool })).toEqual([
      { serial: 'D1', method: 'crypto', begun: true },
    ]);
    const refused = disk({ name: 'nvme0n1', erasure: erasure({ state: 'refused', method: 'crypto' }) });
    expect(planErase([refused], machine, { method: null, pool })[0]).toMatchObject({
      method: 'nvme-format',
      begun: false,
    });
  });

  it('of a person replaces one that was begun, as a new beginning', () => {
    const begun = disk({ erasure: erasure({ state: 'failed', method: 'nvme-format' }) });
    expect(planErase([begun], machine, { method: 'overwrite', pool })[0]).toMatchObject({
      method: 'overwrite',
      begun: false,
    });
  });
});
