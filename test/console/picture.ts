import { join } from 'node:path';
import type { Page } from 'playwright-core';

const folder = join(import.meta.dirname, '..', '..', 'docs', 'pictures');

/** Draws a page for the docs, where that is asked for: `FARRIER_PICTURES=1 scripts/test test/console`. */
export async function drawPicture(page: Page, name: string): Promise<void> {
  if (process.env['FARRIER_PICTURES'] !== '1') return;
  await page.setViewportSize({ width: 1200, height: 750 });
  await page.screenshot({ path: join(folder, `console-${name}.png`) });
}
