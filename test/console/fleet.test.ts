import { eq } from 'drizzle-orm';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { machines } from '../../mdb/schema.ts';
import { browserPath, launchBrowser, noBrowser, type Watched, watchPage } from '../support/browser.ts';
import { drawPicture } from './picture.ts';
import { type Served, serveConsoleApi, writeMachines } from './served.ts';

const count = 10_000;
const title = browserPath === null ? ` (${noBrowser})` : '';

describe.skipIf(browserPath === null)(`the fleet of 10,000${title}`, () => {
  let served: Served;
  let browser: Browser;
  let watched: Watched;
  beforeAll(async () => {
    served = await serveConsoleApi({ racks: count / 40 });
    await writeMachines(served.mdb, count);
    browser = await launchBrowser();
    watched = await watchPage(browser, served.origin);
  });
  afterAll(async () => {
    await browser?.close();
    await served?.close();
  });

  const table = () => watched.page.getByRole('grid', { name: 'Machines' });
  const first = () => table().locator('tbody tr').first();
  const names = () => table().locator('tbody a').allTextContents();

  it('is there with a reader’s counts, though only what is in sight is drawn', async () => {
    const { page, axe } = watched;
    const before = performance.now();
    await page.goto('/fleet');
    await first().waitFor();
    console.log(`first rows of a fleet of 10,000: ${Math.round(performance.now() - before)} ms after it was asked for`);
    await page.getByText('10,000 machines', { exact: true }).waitFor();
    expect(await table().getAttribute('aria-rowcount')).toBe('10001');
    expect(await table().getAttribute('aria-colcount')).toBe('9');
    expect(await first().getAttribute('aria-rowindex')).toBe('2');
    expect((await names()).length).toBeLessThan(100);
    expect(await page.getByText(/^as of /).count()).toBe(1);
    expect(await axe()).toEqual([]);
    await drawPicture(page, 'fleet');
  });

  it('is walked with the keys, to its end and back', async () => {
    const { page } = watched;
    await table().getByRole('link', { name: 'node-00001' }).focus();
    await page.keyboard.press('ArrowDown');
    const focused = () => page.evaluate('document.activeElement.textContent');
    await expect.poll(focused).toBe('node-00002');
    await page.keyboard.press('End');
    await expect.poll(focused).toBe('node-10000');
    expect(await table().locator('tr:focus-within').getAttribute('aria-rowindex')).toBe('10001');
    await page.keyboard.press('Home');
    await expect.poll(focused).toBe('node-00001');
    expect(await table().locator('tbody a[tabindex="0"]').count()).toBe(1);
  });

  it('scrolls smoothly: a frame takes the page less than a fiftieth of a second', async () => {
    const { page } = watched;
    const session = await page.context().newCDPSession(page);
    // Of the processor, since other suites and programs have some of it too.
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    const busySeconds = async () => {
      const { metrics } = await session.send('Performance.getMetrics');
      return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN;
    };
    const frames = 60;
    const before = await busySeconds();
    // Eleven rows a frame, faster than anybody reads.
    await page.evaluate(`new Promise((resolve) => {
      const table = document.querySelector('.table');
      let left = ${frames};
      const step = () => {
        table.scrollTop += 400;
        if (--left === 0) resolve(); else requestAnimationFrame(step);
      };
      requestAnimationFrame(step);
    })`);
    const perFrameMs = (1000 * ((await busySeconds()) - before)) / frames;
    console.log(`scrolling 10,000 rows takes the page ${perFrameMs.toFixed(1)} ms of processor time a frame`);
    expect(perFrameMs).toBeGreaterThan(0);
    expect(perFrameMs).toBeLessThanOrEqual(20);
    expect(Number(await first().getAttribute('aria-rowindex'))).toBeGreaterThan(500);
    expect((await names()).length).toBeLessThan(100);
  });

  it('is sorted by any column, up and down, and the address says so', async () => {
    const { page } = watched;
    await page.getByRole('button', { name: 'Unit' }).click();
    await page.waitForURL(/sort=unit$/);
    expect(await table().locator('th[aria-sort=ascending]').textContent()).toBe('Unit');
    await page.getByRole('button', { name: 'Unit' }).click();
    await page.waitForURL(/sort=-unit$/);
    await page.evaluate('document.querySelector(".table").scrollTop = 0');
    await expect.poll(async () => (await names())[0]).toBe('node-00040');
  });

  it('shows the columns that are chosen, and the address says which', async () => {
    const { page, axe } = watched;
    await page.getByRole('button', { name: 'Columns' }).click();
    expect(await axe()).toEqual([]);
    await page.getByRole('menuitemcheckbox', { name: 'Serial number' }).click();
    await page.keyboard.press('Escape');
    await page.waitForURL(/columns=machine%2Cstage.*serial/);
    await table().getByRole('columnheader', { name: 'Serial number' }).waitFor();
    expect(await table().getAttribute('aria-colcount')).toBe('10');
  });

  it('is filtered by the command line’s selectors, which the address bar then holds', async () => {
    const { page } = watched;
    await page.getByLabel('Selector').fill('rack=A07,stage!=racked');
    await page.keyboard.press('Enter');
    await page.getByText('36 machines match rack=A07,stage!=racked').waitFor();
    expect(new URL(page.url()).searchParams.get('selector')).toBe('rack=A07,stage!=racked');
    expect(await table().getAttribute('aria-rowcount')).toBe('37');
    await page.goBack();
    await page.getByText('10,000 machines', { exact: true }).waitFor();
  });

  it('says what the API says of a wrong selector, and what to do where nothing matches', async () => {
    const { page, axe, complaints, foreign } = watched;
    await page.goto(`/fleet?selector=${encodeURIComponent('stage=sleeping')}`);
    const alert = page.getByRole('alert');
    await alert.getByText(/stage is never "sleeping"/).waitFor();
    expect(await axe()).toEqual([]);
    expect(await page.getByLabel('Selector').inputValue()).toBe('stage=sleeping');
    await page.goto(`/fleet?selector=${encodeURIComponent('rack=A01,stage=repair')}`);
    await page.getByText('No machine matches rack=A01,stage=repair.').waitFor();
    expect(await axe()).toEqual([]);
    await page.getByRole('button', { name: 'Show all' }).click();
    await page.getByText('10,000 machines', { exact: true }).waitFor();
    expect({ complaints, foreign }).toEqual({ complaints: [], foreign: [] });
  });

  it('shows a change within a second, and loses none that comes while it is still being read', async () => {
    const { page, complaints, close } = await watchPage(browser, served.origin);
    const hold = (id: string, held: string) => served.mdb.update(machines).set({ held }).where(eq(machines.id, id));
    const further = Promise.withResolvers<void>();
    await page.route('**/api/v1/machines?*after=*', async (route) => {
      await further.promise;
      await route.continue();
    });
    const seenAt = async (id: string, held: string) => {
      const before = performance.now();
      await hold(id, held);
      await page.getByText(held).waitFor();
      return performance.now() - before;
    };
    await page.goto('/fleet?columns=held');
    await page.getByText('200 of 10,000 machines').waitFor();
    await page.getByText('live', { exact: true }).waitFor();
    await hold('m-00003', 'changed while it was read');
    // Told by now, and the next page was asked for before.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    further.resolve();
    await page.getByText('10,000 machines', { exact: true }).waitFor();
    await page.getByText('changed while it was read').waitFor();
    const tookMs = await seenAt('m-00004', 'changed afterwards');
    console.log(`from a change to the screen, in a fleet of 10,000: ${Math.round(tookMs)} ms`);
    // A second is the budget; the rest is for a laden machine.
    expect(tookMs).toBeLessThan(10_000);
    expect(complaints).toEqual([]);
    await close();
  });

  it('says that it loads, and what went wrong, and tries again when told', async () => {
    const { page, close } = await watchPage(browser, served.origin);
    let fault = true;
    await page.route('**/api/v1/machines?*', async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      await (fault
        ? route.fulfill({ status: 403, json: { title: 'That is not allowed', detail: 'not yours', code: 'forbidden' } })
        : route.continue());
    });
    await page.goto('/fleet');
    await page.getByText('Loading machines').waitFor();
    await page.getByRole('alert').getByText('not yours').waitFor();
    fault = false;
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('link', { name: 'node-00001' }).waitFor();
    await close();
  });
});
