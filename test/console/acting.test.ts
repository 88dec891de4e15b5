/** Planning, ordering and steering in the console, as people do it, over an MDB of which no worker takes anything. */
import { eq, sql } from 'drizzle-orm';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Operator, operatorOf } from '../../api/people/operator.ts';
import type { Role } from '../../domain/grants.ts';
import { setApprovalPolicy } from '../../mdb/people/approvals.ts';
import { campaignMachines, campaigns, orders, permits, plans, semaphores } from '../../mdb/schema.ts';
import { browserPath, launchBrowser, noBrowser, type Watched, watchPage } from '../support/browser.ts';
import { drawPicture } from './picture.ts';
import { type Served, serveConsoleApi, writeMachines } from './served.ts';

const title = browserPath === null ? ` (${noBrowser})` : '';
const hour = 3_600_000;
const person = (name: string, role: Role) => operatorOf(name, [{ role, pools: null, teams: null }], 'token');

describe.skipIf(browserPath === null)(`acting in the console${title}`, () => {
  let served: Served;
  let browser: Browser;
  let watched: Watched;
  let page: Page;
  let asker: Operator = person('ann', 'operator');
  beforeAll(async () => {
    served = await serveConsoleApi({ racks: 3, identify: () => asker });
    await writeMachines(served.mdb, 100);
    browser = await launchBrowser();
    watched = await watchPage(browser, served.origin);
    page = watched.page;
  });
  afterAll(async () => {
    await browser?.close();
    await served?.close();
  });

  const part = (name: string | RegExp) => page.getByRole('region', { name, exact: true });
  const confirm = async (act: string, reason: string, what: RegExp) => {
    await page.getByRole('button', { name: act, exact: true }).click();
    const form = page.locator('form').filter({ has: page.getByRole('button', { name: what }) });
    await form.getByLabel('Why (for the audit)').fill(reason);
    await form.getByRole('button', { name: what }).click();
  };

  it('begins for all that match with a plan, whose hash is shown before anything is done', async () => {
    await page.goto('/fleet?selector=rack%3DA01%2Cstage%3Din_service');
    await page.getByRole('link', { name: 'Order for all 36 of them' }).click();
    await page.getByText('36 machines match').waitFor();
    expect(await watched.axe()).toEqual([]);
    await page.getByLabel('Passage').selectOption('reboot');
    await page.getByLabel('Why (for the audit)').fill('a new kernel');
    await page.getByLabel('Name of the campaign').fill('kernel-6');
    await page.getByText('How fast it goes').click();
    await page.getByLabel(/^Canaries/).fill('2');
    await page.getByLabel('Sat').check();
    await page.getByLabel('Mon').check();
    await page.evaluate('scrollTo(0, 0)');
    await drawPicture(page, 'order');
    await page.getByRole('button', { name: 'Plan the reboot of 36 machines' }).click();
    await page.waitForURL('**/campaigns/kernel-6');
    await part('Plan and progress').getByText('planned: nothing of it is done yet').waitFor();
    const [campaign] = await served.mdb.select().from(campaigns);
    expect(campaign).toMatchObject({ id: 'kernel-6', state: 'planned', requester: 'ann', pace: { canary: 2 } });
    expect(campaign?.pace.windows).toMatchObject([{ days: [1, 6], from: '22:00', to: '04:00' }]);
    await part('Plan and progress')
      .getByText(campaign?.hash ?? 'none', { exact: true })
      .waitFor();
    await part('Machines').getByText('36 machines shown').waitFor();
    expect(await part('Machines').getByRole('cell', { name: 'canary', exact: true }).count()).toBe(2);
    expect(await served.mdb.select().from(orders)).toEqual([]);
    expect(await watched.axe()).toEqual([]);
  });

  it('tells who may not start it, and starts nothing', async () => {
    asker = person('vic', 'viewer');
    await confirm('Start this plan', 'it is time', /^Start this plan: kernel-6/);
    await page.getByRole('alert').getByText('this takes the role operator, and vic is viewer').waitFor();
    expect(await watched.axe()).toEqual([]);
    asker = person('ann', 'operator');
    expect((await served.mdb.select().from(campaigns))[0]?.state).toBe('planned');
    await page.getByRole('button', { name: 'Leave it' }).click();
  });

  it('starts the plan that was shown, by its hash, and follows how far it is', async () => {
    await confirm('Start this plan', 'reviewed', /^Start this plan: kernel-6/);
    await part('Plan and progress').getByText('running, canaries').waitFor();
    const outcome = { state: 'done', outcome: 'rebooted', endedAt: new Date() } as const;
    await served.mdb.update(campaignMachines).set(outcome).where(eq(campaignMachines.batch, 0));
    await served.mdb
      .update(campaignMachines)
      .set({ state: 'failed', outcome: 'it did not come up' })
      .where(sql`machine_id = (select machine_id from campaign_machines where batch = 1 order by ordinal limit 1)`);
    await part('Plan and progress').getByText('3 of 36 machines ended: 2 done, 1 failed').waitFor();
    await drawPicture(page, 'campaign');
    await part('Machines').getByRole('combobox', { name: 'Show' }).selectOption('failed');
    await page.waitForURL('**/campaigns/kernel-6?state=failed');
    await part('Machines').getByText('1 machine shown').waitFor();
    await part('Machines').getByRole('cell', { name: 'it did not come up' }).waitFor();
  });

  it('halts it and resumes it, each with the reason', async () => {
    await confirm('Halt', 'a storm comes', /^Halt: kernel-6/);
    await part('Plan and progress').getByText('ann paused it: a storm comes').waitFor();
    await page.getByRole('link', { name: 'Campaigns', exact: true }).click();
    await page.getByRole('cell', { name: 'ann paused it: a storm comes' }).waitFor();
    await page.getByRole('combobox', { name: 'State' }).selectOption('done');
    await page.getByText('No campaign is done.').waitFor();
    await page.getByRole('combobox', { name: 'State' }).selectOption('');
    expect(await watched.axe()).toEqual([]);
    await page.getByRole('link', { name: 'kernel-6' }).click();
    await confirm('Resume', 'it is over', /^Resume: kernel-6/);
    await part('Plan and progress').getByText('running, canaries').waitFor();
  });

  it('says of what concerns everybody that it waits for a second person, and that nothing is done', async () => {
    await setApprovalPolicy(served.mdb, asker, { acts: ['all'], hours: 24 }, 'nobody alone');
    await page.goto('/order');
    await page.getByText('100 machines match').waitFor();
    await page.getByLabel('Why (for the audit)').fill('a new kernel everywhere');
    await page.getByLabel('Name of the campaign').fill('everywhere');
    await page.getByRole('button', { name: 'Plan the reboot of 100 machines' }).click();
    await page.waitForURL('**/campaigns/everywhere');
    await confirm('Start this plan', 'reviewed', /^Start this plan: everywhere/);
    await page.getByText('Nothing is done yet: a second person has to approve').waitFor();
    expect(await watched.axe()).toEqual([]);
    const [campaign] = await served.mdb.select().from(campaigns).where(eq(campaigns.id, 'everywhere'));
    expect(campaign?.state).toBe('planned');
  });

  it('shows windows, orders that wait for their time, and who holds and waits for permits', async () => {
    const windows = [{ days: [1, 2, 3, 4, 5, 6, 7], from: '01:00', to: '02:30', zone: 'UTC' }];
    await served.mdb
      .insert(semaphores)
      .values({ operation: 'reboot', tag: 'rack', value: 'A01', capacity: 1, updatedBy: 'ann', reason: 'r', windows });
    const common = { passage: 'reboot', requester: 'ann', reason: 'in the evening' } as const;
    const notBefore = new Date(Date.now() + hour);
    await served.mdb.insert(orders).values({ id: 'evening', machineId: 'm-00002', ...common, notBefore });
    const permit = { semaphore: 'semaphore/reboot/rack=A01', class: 'maintenance' } as const;
    await served.mdb.insert(permits).values([
      { id: 'p1', machineId: 'm-00001', ...permit, state: 'granted', fence: 3, grantedAt: new Date() },
      { id: 'p2', machineId: 'm-00003', ...permit },
    ]);
    await page.getByRole('link', { name: 'Calendar' }).click();
    const week = page.getByRole('table', { name: 'Windows by day' });
    await week.getByRole('cell', { name: 'semaphore reboot/rack=A01' }).waitFor();
    // A day at the edge has it in part, whatever the time zone of the browser.
    expect(await week.getByRole('cell', { name: /\d\d:\d\d to \d\d:\d\d/ }).count()).toBeGreaterThanOrEqual(6);
    const scheduled = page.getByRole('table', { name: 'Orders that wait for their time' });
    await scheduled
      .getByRole('row')
      .filter({ hasText: 'in the evening' })
      .getByRole('link', { name: 'node-00002' })
      .waitFor();
    await page.getByRole('button', { name: 'reboot/rack=A01' }).click();
    await page.getByRole('table', { name: 'Permits in use' }).getByRole('link', { name: 'node-00001' }).waitFor();
    await page.getByRole('table', { name: 'Queue' }).getByRole('link', { name: 'node-00003' }).waitFor();
    expect(await watched.axe()).toEqual([]);
    await drawPicture(page, 'calendar');
    await page.getByRole('link', { name: 'The week after' }).click();
    await page.getByText('No order waits for a time in this week.').waitFor();
  });

  it('orders for one machine by the plan that its rehearsal found, and by no other', async () => {
    await page.goto('/machines/m-00005');
    await page.getByText('Order something for it').click();
    await page.getByLabel('Passage').selectOption('power');
    await page.getByLabel('What is done').selectOption('cycle');
    await page.getByLabel('Why (for the audit)').fill('it hangs');
    await page.getByRole('button', { name: 'Plan the power' }).click();
    await page.getByText('Nothing is done yet: what would be done is being found out').waitFor();
    const own = () => served.mdb.select().from(orders).where(eq(orders.machineId, 'm-00005'));
    const [rehearsal] = await own();
    expect(rehearsal).toMatchObject({ dryRun: true, passage: 'power', request: { action: 'cycle' } });
    const hash = 'ab'.repeat(32);
    const lines = [{ step: 'act', does: 'cycles the power', command: { ResetType: 'PowerCycle' } }];
    await served.mdb.insert(plans).values({ orderId: rehearsal?.id ?? '', hash, lines });
    await served.mdb.update(orders).set({ state: 'done', endedAt: new Date() }).where(eq(orders.machineId, 'm-00005'));
    await page.getByRole('cell', { name: 'cycles the power' }).waitFor();
    await page.getByText(hash).waitFor();
    expect(await watched.axe()).toEqual([]);
    await page.getByRole('button', { name: 'Order the power by this plan' }).click();
    await page.getByText(/^Ordered: power-/).waitFor();
    const placed = (await own()).find(({ dryRun }) => !dryRun);
    expect(placed).toMatchObject({
      reviewed: hash,
      reason: 'it hangs',
      requester: 'ann',
      request: { action: 'cycle' },
    });
  });

  it('pauses, resumes and cancels an order', async () => {
    const [live] = (await served.mdb.select().from(orders).where(eq(orders.machineId, 'm-00005'))).filter(
      ({ state }) => state === 'waiting',
    );
    const id = live?.id ?? 'none';
    await confirm('Pause', 'wait for Bob', new RegExp(`^Pause: power ${id}`));
    await part('Orders').getByText('waiting, paused by ann').waitFor();
    await confirm('Resume', 'Bob is here', new RegExp(`^Resume: power ${id}`));
    await page.getByRole('button', { name: 'Pause', exact: true }).waitFor();
    await confirm('Cancel', 'it came back', new RegExp(`^Cancel: power ${id}`));
    await part('Orders')
      .getByRole('cell', { name: /^cancelled/ })
      .waitFor();
    expect(watched.complaints).toEqual([]);
    expect(watched.foreign).toEqual([]);
  });
});
