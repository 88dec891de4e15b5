import type { Browser, Page } from 'playwright-core';
import { expect } from 'vitest';
import { watchPage } from '../support/browser.ts';

/** A page in the dark, at 200 % of a small screen, of an API that lets it wait: it says so, and is whole once it answers. */
export async function lookInTheDark(browser: Browser, origin: string, path: string): Promise<void> {
  // Half of 1280 pixels, as a browser that shows everything twice as large has them.
  const dark = await watchPage(browser, origin, { colorScheme: 'dark', viewport: { width: 640, height: 400 } });
  const answering = Promise.withResolvers<void>();
  await dark.page.route('**/api/v1/**', async (route) => {
    if (!route.request().url().includes('/changes')) await answering.promise;
    await route.continue();
  });
  await dark.page.goto(path);
  await dark.page
    .getByText(/^Loading/)
    .first()
    .waitFor();
  answering.resolve();
  await expect.poll(() => isReading(dark.page), { timeout: 30_000 }).toBe(false);
  expect(await dark.axe()).toEqual([]);
  expect(await dark.page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(640);
  expect(await dark.page.getByRole('alert').count()).toBe(0);
  expect({ complaints: dark.complaints, foreign: dark.foreign }).toEqual({ complaints: [], foreign: [] });
  await dark.close();
}

/** Whether something of it was not read yet. */
const isReading = (page: Page) =>
  page.evaluate(
    'document.querySelector("[aria-busy=true]") !== null || /Loading/.test(document.querySelector("main").innerText)',
  );
