/** The built console, the server that answers it and a browser; all of a test file's cases share one. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { build } from 'vite';
import { expect } from 'vitest';
import { accessibilityProblems, launchBrowser, openPage, overflow } from './browser.js';
import { type FixtureServer, fixtureServer } from './fixture-server.js';

export const sizes = [
  [1280, 800],
  [390, 844],
] as const;

export interface House {
  readonly server: FixtureServer;
  readonly browser: Browser;
  /** Where screenshots go. */
  readonly pictures: string;
  close(): Promise<void>;
}

export async function openHouse(): Promise<House> {
  const directory = await mkdtemp(join(tmpdir(), 'tricordon-console-'));
  const pictures = await mkdtemp(join(tmpdir(), 'tricordon-screenshots-'));
  await build({ root: 'ui', logLevel: 'error', build: { outDir: directory, emptyOutDir: true } });
  const server = await fixtureServer(directory);
  const browser = await launchBrowser();
  return {
    server,
    browser,
    pictures,
    close: async () => {
      await browser.close();
      await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** In every window, dark and light: axe finds nothing, nothing is wider than the page, and the browser has no complaint. */
export async function expectSound(
  { server, browser, pictures }: House,
  name: string,
  { path, ready, unfold = false }: { readonly path: string; readonly ready: string; readonly unfold?: boolean },
): Promise<void> {
  for (const [width, height] of sizes) {
    for (const scheme of ['dark', 'light'] as const) {
      const { page, complaints } = await openPage(browser, { width, height, scheme });
      await page.goto(server.url + path);
      await page.getByText(ready).first().waitFor();
      const at = `${name} ${width} ${scheme}`;
      if (unfold)
        for (const folded of await page.locator('main details').all())
          await folded.evaluate((node) => node.setAttribute('open', ''));
      expect(await accessibilityProblems(page), at).toEqual([]);
      expect(await overflow(page), at).toBe(0);
      // The browser itself notes the 404 of what is not there.
      expect(
        complaints.filter((line) => !line.includes('404')),
        at,
      ).toEqual([]);
      await page.screenshot({ path: join(pictures, `${name}-${width}-${scheme}.png`), fullPage: unfold });
      await page.context().close();
    }
  }
  expect(server.reports).toEqual([]);
}
