import { afterAll, describe, expect, test } from 'vitest';
import type { MachineStatus, PassageSummary } from '../../contract/machine.ts';
import { timeSkipping } from '../support/temporal.ts';
import { type Bench, type Doubles, defineAttributes, withController } from './bench.ts';
import { skipping as passing } from './stage.ts';

const shared = await timeSkipping();
if (shared) await defineAttributes(shared);
afterAll(() => shared?.teardown());

const skipping = (different: Partial<Doubles>, run: Parameters<typeof passing>[3]) =>
  passing(shared, 'birth', different, run);

const controlled = {
  register: async () => withController,
  beginBirth: async () => ({ live: true, fence: 1, controller: true, boot: false }),
};
const outcome = async (bench: Bench) => (await bench.passage.result()) as PassageSummary;

describe.skipIf(shared === null)('birth', () => {
  test(
    'goes from its inventory to in service without a person',
    skipping({}, async (bench) => {
      await bench.goOn();
      expect(await outcome(bench)).toMatchObject({ outcome: 'done', stage: 'in_service', rack: 'A01' });
      expect(bench.calls).toEqual([
        'beginBirth',
        'register',
        'startProfile',
        'decideProfile',
        'acceptInstall',
        'finishBirth',
      ]);
    }),
  );

  test(
    'reports told twice, out of order or malformed change nothing',
    skipping({}, async (bench) => {
      await bench.standsAt('rack');
      await bench.passage.signal('report', 'nonsense');
      await bench.passage.signal('report', { id: 'x', kind: 'made-up', nonce: '' });
      await bench.report('installed', { nonce: 'boot-0' });
      await bench.report('inventory', { id: 'same' });
      await bench.report('inventory', { id: 'same' });
      await bench.goOn('burnin');
      expect(await outcome(bench)).toMatchObject({ outcome: 'done' });
      expect(bench.calls.filter((call) => call === 'register')).toHaveLength(1);
    }),
  );

  describe('rack', () => {
    test(
      'a machine that never reports, without a controller, ends with a person; its answer goes on',
      skipping({}, async (bench, env) => {
        await bench.standsAt('rack');
        await env.sleep('31 minutes');
        expect((await bench.asked()).humanStep?.choices).toEqual(['retry', 'abandon']);
        await bench.answer('retry');
        await bench.goOn();
        expect(await outcome(bench)).toMatchObject({ outcome: 'done' });
        expect(bench.calls).toContain('openHumanStep rack/silent');
      }),
    );

    test(
      'with a controller it is restarted towards the network within the budget, then a person is asked',
      skipping(controlled, async (bench, env) => {
        await bench.standsAt('rack');
        for (let minutes = 0; minutes < 4; minutes += 1) await env.sleep('31 minutes');
        await bench.asked();
        expect(bench.calls.filter((call) => call === 'act boot-network')).toHaveLength(3);
        await bench.answer('abandon');
        expect(await outcome(bench)).toMatchObject({ outcome: 'failed', note: 'abandoned by ann' });
        expect(bench.calls.at(-1)).toBe('endOrder failed');
      }),
    );

    test(
      'an announced machine that was never seen is powered on first',
      skipping(
        { ...controlled, beginBirth: async () => ({ live: true, fence: 1, controller: true, boot: true }) },
        async (bench) => {
          await bench.goOn();
          await outcome(bench);
          expect(bench.calls.slice(0, 2)).toEqual(['beginBirth', 'act boot-network']);
        },
      ),
    );

    test(
      'an inventory that is nonsense is asked about, and a new boot answers',
      skipping({}, async (bench) => {
        await bench.report('failed', { step: 'inventory', message: '0 CPUs' });
        expect((await bench.asked()).humanStep?.question).toContain('0 CPUs');
        await bench.report('inventory', { nonce: 'boot-2' });
        await bench.standsAt('profile');
        await bench.report('burnin', { nonce: 'boot-2' });
        await bench.standsAt('deploy');
        expect(bench.calls).toContain('closeHumanStep rebooted');
      }),
    );

    const words: unknown[] = [];
    test(
      'I-5: one that looks like another machine boots nothing until a person has said that it is another node',
      skipping(
        {
          beginBirth: async () => ({
            live: true,
            fence: 1,
            controller: true,
            boot: true,
            newcomer: 'It looks like m-1',
          }),
          settleNewcomer: async (input) => {
            words.push([input.answer, input.by]);
            return { is: 'own' };
          },
        },
        async (bench) => {
          expect((await bench.asked()).humanStep?.question).toContain('It looks like m-1');
          expect(bench.calls).not.toContain('act boot-network');
          await bench.answer('another-node');
          await bench.goOn();
          expect(await outcome(bench)).toMatchObject({ outcome: 'done' });
          expect(words).toEqual([['another-node', 'ann']]);
        },
      ),
    );

    test(
      'I-5: one that a person says is that same machine ends here',
      skipping(
        {
          beginBirth: async () => ({
            live: true,
            fence: 1,
            controller: false,
            boot: false,
            newcomer: 'It looks like m-1',
          }),
          settleNewcomer: async () => ({ is: 'merged', into: 'm-1' }),
        },
        async (bench) => {
          await bench.asked();
          await bench.answer('same-machine');
          expect(await outcome(bench)).toMatchObject({ outcome: 'cancelled', note: expect.stringContaining('m-1') });
        },
      ),
    );

    test(
      'an order that was cancelled before it began is not begun',
      skipping(
        { beginBirth: async () => ({ live: false, fence: 0, controller: false, boot: false }) },
        async (bench) => {
          const ended = async () => ((await bench.machine.query('status')) as MachineStatus).last?.outcome;
          await expect.poll(ended).toBe('cancelled');
          expect(bench.calls).toEqual(['beginBirth']);
        },
      ),
    );
  });

  describe('register', () => {
    let requestCount = 0;
    test(
      'what is held is asked, and the answer reaches the activity',
      skipping(
        {
          register: async (input) => {
            requestCount += 1;
            if (input.answer?.answer === 'place:A02/7')
              return {
                ...withController,
                registered: { ...withController.registered, controller: false, rack: 'A02' },
              };
            return {
              question: {
                fault: 'register/no-neighbour',
                reason: 'No switch.',
                choices: ['retry', 'place:RACK/UNIT', 'abandon'],
              },
            };
          },
        },
        async (bench) => {
          await bench.report('inventory');
          await bench.asked();
          await bench.answer('retry');
          await bench.until((status) => status.humanStep?.id.endsWith(':2') === true);
          await bench.answer('place:A02/7');
          await bench.goOn('burnin');
          expect(await outcome(bench)).toMatchObject({ outcome: 'done', rack: 'A02' });
          expect(requestCount).toBe(3);
        },
      ),
    );
  });

  describe('answers', () => {
    const question = {
      register: async () => ({ question: { fault: 'register/x', reason: 'Why?', choices: ['wipe', 'abandon'] } }),
    };

    const reported: unknown[] = [];
    test(
      'late, wrong, malformed and double ones are noted and ignored',
      skipping(question, async (bench) => {
        await bench.standsAt('rack');
        await bench.passage.signal('answer', { step: 'early', answer: 'wipe', by: 'ann' });
        await bench.report('inventory');
        const { humanStep } = await bench.asked();
        await bench.passage.signal('answer', 'yes');
        await bench.passage.signal('answer', { step: humanStep?.id, answer: 'wipe' });
        await bench.passage.signal('answer', { step: humanStep?.id, answer: 'destroy', by: 'ann' });
        await bench.passage.signal('answer', { step: 'another', answer: 'wipe', by: 'ann' });
        const status = await bench.until((one) => one.ignored.length === 5);
        expect(status.humanStep?.id).toBe(humanStep?.id);
        expect(status.ignored.join('\n')).toMatch(
          /nothing is asked[\s\S]*not an object[\s\S]*step, answer and by[\s\S]*destroy is not one of wipe, abandon[\s\S]*another is not the open question/,
        );
        await bench.answer('abandon');
        await outcome(bench);
        expect(bench.calls.filter((call) => call.startsWith('keepIgnored'))).toHaveLength(5);
        // Late: its passage has ended, so that it comes to the machine only.
        await bench.machine.signal('answer', { step: humanStep?.id, answer: 'wipe', by: 'bob' });
        await expect.poll(() => bench.calls.filter((call) => call.startsWith('keepIgnored'))).toHaveLength(6);
      }),
    );

    test(
      'tell what the question wants to know besides, or are not taken',
      skipping(
        {
          register: async () => ({
            question: {
              fault: 'register/x',
              reason: 'Which disk was put in?',
              choices: ['wipe', 'abandon'],
              schema: { properties: { serial: { type: 'string', pattern: '[A-Z0-9]+' } }, required: ['serial'] },
            },
          }),
          closeHumanStep: async (input) => {
            reported.push(input.data);
          },
        },
        async (bench) => {
          reported.length = 0;
          await bench.report('inventory');
          const { humanStep } = await bench.asked();
          const answer = { step: humanStep?.id, answer: 'abandon', by: 'ann' };
          await bench.passage.signal('answer', answer);
          await bench.passage.signal('answer', { ...answer, data: { serial: 'lower' } });
          await bench.passage.signal('answer', { ...answer, data: { serial: 'S1', model: 'x' } });
          const status = await bench.until((one) => one.ignored.length === 3);
          expect(status.ignored).toEqual([
            'answer: data is not an object',
            'answer: data.serial is not of the form [A-Z0-9]+',
            'answer: data.model is not asked for',
          ]);
          await bench.passage.signal('answer', { ...answer, data: { serial: 'S1' } });
          await outcome(bench);
          expect(reported).toEqual([{ serial: 'S1' }]);
        },
      ),
    );

    test(
      'an update tells whether it was taken, and refuses with the reason',
      skipping(question, async (bench) => {
        await bench.report('inventory');
        const { humanStep } = await bench.asked();
        const wrong = bench.passage.executeUpdate('answer', {
          args: [{ step: humanStep?.id, answer: 'no', by: 'ann' }],
        });
        await expect(wrong).rejects.toMatchObject({
          cause: { message: expect.stringContaining('no is not one of wipe, abandon') },
        });
        const right = await bench.passage.executeUpdate('answer', {
          args: [{ step: humanStep?.id, answer: 'abandon', by: 'ann' }],
        });
        expect(right).toBe('taken: abandon');
        await outcome(bench);
      }),
    );

    test(
      'may be sent to the machine, which passes them on',
      skipping(question, async (bench) => {
        await bench.report('inventory');
        const { humanStep } = await bench.asked();
        await bench.machine.signal('answer', { step: humanStep?.id, answer: 'abandon', by: 'ann' });
        expect(await outcome(bench)).toMatchObject({ outcome: 'failed' });
      }),
    );

    test(
      'that never come are asked for once a day, without end',
      skipping(question, async (bench, env) => {
        await bench.report('inventory');
        await bench.asked();
        await env.sleep('73 hours');
        expect(bench.calls.filter((call) => call === 'remindHumanStep')).toHaveLength(3);
        expect((await bench.asked()).humanStep).not.toBeNull();
        await bench.answer('abandon');
        await outcome(bench);
      }),
    );
  });

  describe('configure', () => {
    test(
      'settings that differ are set once, applied by a restart, and verified when the machine is back',
      skipping(
        {
          ...controlled,
          checkController: (() => {
            let checks = 0;
            return async () => {
              checks += 1;
              return checks === 1
                ? ({ state: 'differ', differing: ['BootMode'] } as const)
                : ({ state: 'match', differing: [] } as const);
            };
          })(),
        },
        async (bench) => {
          await bench.report('inventory');
          await bench.until((status) => status.step === 'configure' && status.waitingOn === 'agent');
          await bench.report('inventory', { nonce: 'boot-2' });
          await bench.standsAt('profile');
          expect(bench.calls).toEqual([
            'beginBirth',
            'register',
            'checkController',
            'act set-bios',
            'act boot-network',
            'noteReboot',
            'register',
            'checkController',
            'startProfile',
          ]);
        },
      ),
    );

    test(
      'a controller that wants a new password first is given one, once, and asked again',
      skipping(
        {
          ...controlled,
          checkController: (() => {
            const reason = 'give /redfish/v1/AccountService/Accounts/1 a new password first';
            const question = { fault: 'configure/password-change', reason, choices: ['retry', 'skip', 'abandon'] };
            const answers = [{ question }, { state: 'match', differing: [] } as const];
            return async () => answers.shift() ?? { question };
          })(),
        },
        async (bench) => {
          await bench.report('inventory');
          await bench.standsAt('profile');
          expect(bench.calls.slice(0, 5)).toEqual([
            'beginBirth',
            'register',
            'checkController',
            'act rotate-password',
            'checkController',
          ]);
        },
      ),
    );

    test(
      'so it is where the machine has to be booted first, and then booted',
      skipping(
        {
          ...controlled,
          beginBirth: async () => ({ live: true, fence: 1, controller: true, boot: true }),
          act: (() => {
            let changed = false;
            return async ({ kind }: { kind: string }) => {
              if (kind === 'rotate-password') changed = true;
              if (changed) return { state: 'done', observed: 'seen' } as const;
              const refused = { fault: 'configure/password-change', reason: 'change it', choices: ['retry'] };
              return { state: 'not_done', observed: 'change it', refused } as const;
            };
          })(),
        },
        async (bench) => {
          await bench.until((status) => status.step === 'rack' && status.waitingOn === 'agent');
          await bench.report('inventory');
          await bench.standsAt('profile');
          expect(bench.calls.slice(0, 4)).toEqual([
            'beginBirth',
            'act boot-network',
            'act rotate-password',
            'act boot-network',
          ]);
        },
      ),
    );

    test(
      'a controller that still wants a new password after that, is a person’s',
      skipping(
        {
          ...controlled,
          checkController: async () => ({
            question: {
              fault: 'configure/password-change',
              reason: 'change it',
              choices: ['retry', 'skip', 'abandon'],
            },
          }),
        },
        async (bench) => {
          await bench.report('inventory');
          expect((await bench.asked()).humanStep?.question).toContain('change it');
          expect(bench.calls.filter((call) => call === 'act rotate-password')).toHaveLength(1);
          await bench.answer('skip');
          await bench.standsAt('profile');
        },
      ),
    );

    test(
      'settings accepted but not applied are a person’s, not set again',
      skipping(
        { ...controlled, checkController: async () => ({ state: 'differ', differing: ['BootMode'] }) as const },
        async (bench) => {
          await bench.report('inventory');
          await bench.until((status) => status.step === 'configure' && status.waitingOn === 'agent');
          await bench.report('inventory', { nonce: 'boot-2' });
          expect((await bench.asked()).humanStep?.question).toContain('BootMode');
          expect(bench.calls.filter((call) => call === 'act set-bios')).toHaveLength(1);
          await bench.answer('skip');
          await bench.standsAt('profile');
        },
      ),
    );

    test(
      'a controller that does not answer for a quarter of an hour is a person’s',
      skipping(
        {
          ...controlled,
          checkController: async () => {
            throw new Error('connect ECONNREFUSED');
          },
        },
        async (bench, env) => {
          await bench.report('inventory');
          await bench.standsAt('configure');
          await env.sleep('20 minutes');
          expect((await bench.asked()).humanStep).toMatchObject({
            question: expect.stringContaining('ECONNREFUSED'),
            choices: ['retry', 'skip', 'abandon'],
          });
        },
      ),
    );

    test(
      'a lost answer is observed, never sent again; what stays unknown is told',
      skipping(
        {
          ...controlled,
          checkController: async () => ({ state: 'differ', differing: ['BootMode'] }) as const,
          act: async () => {
            throw new Error('the worker was killed');
          },
          settle: async () => ({ state: 'unknown', observed: 'no effect seen' }),
        },
        async (bench) => {
          await bench.report('inventory');
          expect((await bench.asked()).humanStep?.question).toMatch(/does not ask again: no effect seen/);
          expect(bench.calls.filter((call) => call.startsWith('act'))).toHaveLength(1);
          expect(bench.calls.filter((call) => call.startsWith('settle'))).toHaveLength(1);
        },
      ),
    );
  });

  describe('profile', () => {
    test(
      'a machine that boots anew in its burn-in starts over from its inventory',
      skipping({}, async (bench) => {
        await bench.report('inventory');
        await bench.standsAt('profile');
        await bench.report('inventory', { nonce: 'boot-2' });
        await bench.until(() => bench.calls.filter((call) => call === 'startProfile').length === 2);
        await bench.report('burnin', { nonce: 'boot-1' });
        await bench.report('burnin', { nonce: 'boot-2' });
        await bench.standsAt('deploy');
        await bench.report('installed', { nonce: 'boot-2' });
        await bench.standsAt('ready');
        await bench.report('ready', { nonce: 'disk' });
        expect(await outcome(bench)).toMatchObject({ outcome: 'done' });
        expect(bench.calls.filter((call) => call === 'noteReboot')).toHaveLength(1);
      }),
    );

    test(
      'no result in time: a person, after one restart where there is a controller',
      skipping(controlled, async (bench, env) => {
        await bench.report('inventory');
        await bench.standsAt('profile');
        for (let tries = 0; tries < 5; tries += 1) await env.sleep('2 minutes');
        await bench.asked();
        expect(bench.calls).toContain('act boot-network');
        expect(bench.calls).toContain('openHumanStep profile/overdue');
      }),
    );
  });

  describe('deploy', () => {
    test(
      'a failed step names its device; retry gives a new directive',
      skipping({}, async (bench) => {
        await bench.report('inventory');
        await bench.standsAt('profile');
        await bench.report('burnin');
        await bench.standsAt('deploy');
        await bench.report('failed', { step: 'partition', message: 'sda (serial S3Z8): I/O error' });
        expect((await bench.asked()).humanStep?.question).toBe(
          'The agent failed at partition: sda (serial S3Z8): I/O error',
        );
        expect(bench.calls).toContain('openHumanStep deploy/partition');
        await bench.answer('retry');
        await bench.goOn('installed');
        expect(await outcome(bench)).toMatchObject({ outcome: 'done' });
        expect(bench.calls).toContain('directInstall');
      }),
    );

    test(
      'an installation that never ends is a person’s',
      skipping({}, async (bench, env) => {
        await bench.report('inventory');
        await bench.standsAt('profile');
        await bench.report('burnin');
        await bench.standsAt('deploy');
        await env.sleep('61 minutes');
        await bench.asked();
        expect(bench.calls).toContain('openHumanStep deploy/overdue');
      }),
    );
  });

  describe('ready', () => {
    const upToReady = async (bench: Bench) => {
      await bench.report('inventory');
      await bench.standsAt('profile');
      await bench.report('burnin');
      await bench.standsAt('deploy');
      await bench.report('installed');
      await bench.standsAt('ready');
    };

    test(
      'a system that never reports is restarted once it can be, then a person’s',
      skipping(controlled, async (bench, env) => {
        await upToReady(bench);
        for (let tries = 0; tries < 5; tries += 1) await env.sleep('31 minutes');
        await bench.asked();
        expect(bench.calls.filter((call) => call === 'act restart')).toHaveLength(3);
        expect(bench.calls).toContain('openHumanStep ready/silent');
      }),
    );

    test(
      'a system that may not be restarted unasked gets its own time, then a person',
      skipping(
        {
          ...controlled,
          acceptInstall: async () => ({ hostname: 'a01-u01', image: 'compute-1', limit: 7_200_000, mayRestart: false }),
        },
        async (bench, env) => {
          await upToReady(bench);
          await env.sleep('119 minutes');
          expect((await bench.standsAt('ready')).waitingOn).toBe('agent');
          await env.sleep('2 minutes');
          expect((await bench.asked()).humanStep?.question).toContain('within 120 minutes');
          expect(bench.calls).not.toContain('act restart');
        },
      ),
    );

    test(
      'a person who accepts what the gate doubts is heard by the gate',
      skipping(
        {
          finishBirth: async ({ answer }) =>
            answer?.answer === 'accept'
              ? { stage: 'in_service', opState: 'production', bootState: 'healthy', seconds: 1 }
              : {
                  question: {
                    fault: 'ready/no-local-boot',
                    reason: 'Not seen.',
                    choices: ['retry', 'accept', 'abandon'],
                  },
                },
        },
        async (bench) => {
          await upToReady(bench);
          await bench.report('ready', { nonce: 'disk' });
          await bench.asked();
          await bench.answer('accept');
          expect(await outcome(bench)).toMatchObject({ outcome: 'done' });
        },
      ),
    );

    test(
      'a system that disagrees with the MDB is not in service',
      skipping({}, async (bench) => {
        await upToReady(bench);
        await bench.report('ready', { nonce: 'disk', message: 'It calls itself "other", the MDB says "a01-u01".' });
        expect((await bench.asked()).humanStep?.question).toContain('other');
        expect(bench.calls).not.toContain('finishBirth');
        await bench.answer('retry');
        await bench.standsAt('ready');
        await bench.report('ready', { nonce: 'disk' });
        expect(await outcome(bench)).toMatchObject({ outcome: 'done' });
      }),
    );

    test(
      'readiness refused by the gate is asked about and tried again',
      skipping(
        {
          finishBirth: (() => {
            let tries = 0;
            return async () => {
              tries += 1;
              if (tries === 1)
                return { question: { fault: 'ready/image', reason: 'Wrong image.', choices: ['retry', 'abandon'] } };
              return { stage: 'in_service', opState: 'production', bootState: 'healthy', seconds: 1 } as const;
            };
          })(),
        },
        async (bench) => {
          await upToReady(bench);
          await bench.report('ready', { nonce: 'disk' });
          await bench.asked();
          await bench.answer('retry');
          expect(await outcome(bench)).toMatchObject({ outcome: 'done' });
        },
      ),
    );
  });

  describe('at any step', () => {
    test.each(['rack', 'profile', 'deploy', 'ready'])('cancelled at %s it ends there', (step) =>
      skipping({}, async (bench) => {
        const before = {
          rack: [],
          profile: ['inventory'],
          deploy: ['inventory', 'burnin'],
          ready: ['inventory', 'burnin', 'installed'],
        } as const;
        const waits = { inventory: 'rack', burnin: 'profile', installed: 'deploy' } as const;
        for (const kind of before[step as keyof typeof before]) {
          await bench.standsAt(waits[kind]);
          await bench.report(kind);
        }
        await bench.standsAt(step);
        await bench.passage.signal('cancel', { orderId: bench.orderId, by: 'ann', reason: 'wrong machine' });
        expect(await outcome(bench)).toMatchObject({ outcome: 'cancelled', note: 'cancelled by ann: wrong machine' });
        expect(bench.calls.at(-1)).toBe('endOrder cancelled');
      })(),
    );

    test.each(['beginBirth', 'register', 'startProfile', 'decideProfile', 'acceptInstall', 'finishBirth'] as const)(
      '%s fails twice and works the third time',
      (name) => {
        let tries = 0;
        const flaky = async () => {
          tries += 1;
          if (tries < 3) throw new Error('terminating connection due to administrator command');
          const well = (await import('./bench.ts')).goingWell([]);
          return (well[name] as (input: unknown) => Promise<never>)({});
        };
        return skipping({ [name]: flaky }, async (bench) => {
          await bench.goOn();
          expect(await outcome(bench)).toMatchObject({ outcome: 'done' });
        })();
      },
    );

    test(
      'a bug in an activity breaks the passage off with a reason, and the machine lives on',
      skipping(
        {
          decideProfile: async () => {
            const { ApplicationFailure } = await import('@temporalio/common');
            throw ApplicationFailure.nonRetryable('no such column');
          },
        },
        async (bench) => {
          await bench.report('inventory');
          await bench.standsAt('profile');
          await bench.report('burnin');
          await expect(outcome(bench)).rejects.toThrow();
          await bench.machine.signal('order', { id: 'second', passage: 'undrain' });
          const status = async () => (await bench.machine.query('status')) as { last: PassageSummary | null };
          await expect.poll(async () => (await status()).last?.note).toContain('in production already');
          expect(bench.calls).toContain('breakOff');
        },
      ),
    );
  });
});
