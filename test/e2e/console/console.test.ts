import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from 'vitest';
import { requires } from '../../requires.js';
import { axeViolations, openBrowser, openPage, type Sight } from './browser.js';
import { type FixtureServer, fixtureServer, loginToken } from './fixture-server.js';

const it = await requires('chromium');

const desk: Sight = { width: 1280, height: 800, theme: 'dark' };
const sights: readonly Sight[] = [
  desk,
  { width: 1280, height: 800, theme: 'light' },
  { width: 1920, height: 1080, theme: 'dark' },
  { width: 1920, height: 1080, theme: 'light' },
  { width: 390, height: 844, theme: 'dark' },
  { width: 390, height: 844, theme: 'light' },
];
/** Every view, with a text that stands on it only when it is complete. */
const views = [
  { name: 'coverage', path: '/coverage', text: 'Every listening socket' },
  { name: 'map', path: '/map', text: 'ways between services are mutual TLS' },
  { name: 'map-selected', path: '/map?select=service%3Acatalog%3Eservice%3Apayments', text: 'caller-not-listed' },
  { name: 'map-table', path: '/map?view=table&select=service%3Acatalog', text: 'Who calls whom' },
  { name: 'incidents', path: '/incidents', text: 'INC-2' },
  { name: 'incident', path: '/incidents/INC-1?step=3', text: 'Verified: every file' },
  { name: 'incident-tables', path: '/incidents/INC-1?lanes=table&touched=table', text: 'Hangs together with' },
] as const;

let built = '';
let shots = '';
let browser: Browser | undefined;
let server: FixtureServer;

beforeAll(async () => {
  built = await mkdtemp(join(tmpdir(), 'tricordon-ui-'));
  shots = await mkdtemp(join(tmpdir(), 'tricordon-shots-'));
  await build({ configFile: 'ui/vite.config.ts', logLevel: 'error', build: { outDir: built, emptyOutDir: true } });
});
afterAll(async () => {
  await browser?.close();
  await rm(built, { recursive: true, force: true });
  process.stderr.write(`screenshots of the console: ${shots}\n`);
});
beforeEach(async () => {
  browser ??= await openBrowser();
  server = await fixtureServer(built);
});
afterEach(() => server.close());

/** Opens a page, does something on it, and wants it to be without error and without a policy report at the end. */
async function on(
  path: string,
  sight: Sight,
  work: (page: Page) => Promise<void>,
  allowed: number[] = [],
): Promise<void> {
  if (browser === undefined) throw new Error('no browser');
  const { page, errors, close } = await openPage(browser, sight, allowed);
  try {
    await page.goto(`${server.url}${path}`);
    await work(page);
    expect(errors).toEqual([]);
    expect(server.violations).toEqual([]);
  } finally {
    await close();
  }
}

describe('every view, at every size, dark and light', () => {
  for (const sight of sights) {
    for (const view of views) {
      // What is written in columns looks the same on a wide screen.
      if (sight.width === 1920 && /table|selected/.test(view.name)) continue;
      it(`${view.name} at ${sight.width}x${sight.height} ${sight.theme} has no axe violation and does not scroll sideways`, async () => {
        await on(view.path, sight, async (page) => {
          await page.getByText(view.text).first().waitFor();
          await page.screenshot({ path: shot(view.name, sight), fullPage: true });
          expect(await axeViolations(page)).toEqual([]);
          const wider = await page.evaluate(
            'document.documentElement.scrollWidth - document.documentElement.clientWidth',
          );
          expect(wider).toBe(0);
        });
      });
    }
  }
});

describe('empty, large and failing worlds', () => {
  it('says in an empty view which command fills it', async () => {
    server.scene.world = 'empty';
    for (const [path, command] of [
      ['/coverage', 'tricordon up'],
      ['/map', 'tricordon run --service'],
      ['/incidents', 'tricordon demo'],
    ] as const) {
      await on(path, desk, async (page) => {
        await page.getByText(command).first().waitFor();
        expect(await axeViolations(page)).toEqual([]);
        await page.screenshot({ path: shot(`empty${path.replace('/', '-')}`, desk) });
      });
    }
  });

  it('folds what is quiet beyond three hundred nodes, and lists all of it in the table', async () => {
    server.scene.world = 'large';
    await on('/map', desk, async (page) => {
      await page.getByText('quieter services').first().waitFor();
      expect(await page.locator('g.node').count()).toBeLessThanOrEqual(300);
      await page.getByRole('button', { name: 'Table', exact: true }).click();
      await page.getByRole('button', { name: 'team-3-svc-411' }).first().waitFor();
    });
  });

  it('says what to do when the control plane cannot answer, and recovers on the button', async () => {
    await on(
      '/coverage',
      desk,
      async (page) => {
        await page.getByText('Every listening socket').waitFor();
        server.scene.down = true;
        server.stream.publish('coverage', 'host-a', 'changed');
        const alert = page.getByRole('alert').first();
        await alert.waitFor();
        expect(await alert.textContent()).toContain('The database does not answer');
        // What was known stays on the page.
        expect(await page.getByText('Every listening socket').isVisible()).toBe(true);
        server.scene.down = false;
        await page.getByRole('button', { name: 'Try again' }).click();
        await alert.waitFor({ state: 'detached' });
      },
      [503],
    );
  });
});

describe('signing in', () => {
  it('takes the token out of the address bar, asks for a name and opens the first page', async () => {
    server.scene.signedIn = false;
    await on(
      `/login#${loginToken}`,
      desk,
      async (page) => {
        await page.getByLabel('Your name').fill('ana');
        expect(page.url()).not.toContain(loginToken);
        expect(await axeViolations(page)).toEqual([]);
        await page.screenshot({ path: shot('login', desk) });
        await page.keyboard.press('Enter');
        await page.getByRole('heading', { name: 'What is watched' }).waitFor();
        expect(page.url()).toBe(`${server.url}/coverage`);
      },
      [401],
    );
  });

  it('says which command makes a new link when there is no session or the link is used', async () => {
    server.scene.signedIn = false;
    await on(
      '/map',
      desk,
      async (page) => {
        await page.getByText('tricordon status --login').first().waitFor();
        await page.goto(`${server.url}/login#${loginToken.replace('one', 'two')}`);
        await page.getByLabel('Your name').fill('ana');
        await page.getByRole('button', { name: 'Sign in' }).click();
        await page.getByRole('alert').waitFor();
        expect(await axeViolations(page)).toEqual([]);
      },
      [401],
    );
  });
});

describe('by keyboard alone', () => {
  it('skips to the content, goes to each view and shows help', async () => {
    await on('/coverage', desk, async (page) => {
      await page.getByText('Every listening socket').waitFor();
      await page.keyboard.press('Tab');
      expect(await focused(page)).toContain('Skip to the content');
      await page.keyboard.press('Enter');
      expect(await page.evaluate('document.activeElement.id')).toBe('main');
      await page.keyboard.press('?');
      await page.getByRole('dialog').waitFor();
      expect(await axeViolations(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'hidden' });
      await page.keyboard.press('g');
      await page.keyboard.press('m');
      await page.waitForURL('**/map');
      await page.keyboard.press('/');
      await page.waitForURL('**/incidents');
    });
  });

  it('walks along the time axis, and the list follows', async () => {
    await on('/incidents/INC-1', desk, async (page) => {
      await page.locator('g.step.chosen').waitFor();
      await page.locator('g.step.chosen').focus();
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('ArrowRight');
      await page.waitForURL('**step=3');
      expect(await page.evaluate("document.activeElement.getAttribute('data-step')")).toBe('2');
      expect(await page.locator('.story > li.chosen').textContent()).toContain('payments-token');
      await page.keyboard.press('End');
      await page.waitForURL('**step=8');
      await page.keyboard.press('Home');
      await page.waitForURL((url) => !url.search.includes('step'));
      // And the other way round: the list moves the axis.
      await page.locator('.story button').first().focus();
      await page.keyboard.press('ArrowDown');
      await page.waitForURL('**step=2');
      expect(await page.locator('g.step.chosen').getAttribute('data-step')).toBe('1');
    });
  });

  it('walks over the map with the arrows, zooms, and lets go with Escape', async () => {
    await on('/map', desk, async (page) => {
      const first = page.locator('g.node[tabindex="0"], g.edge-label[tabindex="0"]').first();
      await first.waitFor();
      await first.focus();
      await page.keyboard.press('ArrowRight');
      await page.waitForURL('**select=**');
      const before = await page.locator('.canvas > svg > g').getAttribute('transform');
      await page.keyboard.press('+');
      expect(await page.locator('.canvas > svg > g').getAttribute('transform')).not.toBe(before);
      await page.keyboard.press('0');
      expect(await page.locator('.canvas > svg > g').getAttribute('transform')).toBe(before);
      await page.keyboard.press('Escape');
      await page.waitForURL((url) => !url.search.includes('select'));
    });
  });

  it('filters incidents from the slash, and says what it did not understand', async () => {
    await on('/incidents', desk, async (page) => {
      await page.getByText('INC-2').first().waitFor();
      await page.keyboard.press('/');
      await page.keyboard.type('severity:high');
      await page.waitForURL('**q=severity**');
      expect(await page.locator('tbody tr').count()).toBe(1);
      await page.keyboard.type(' servce:x');
      await page.getByText('did you mean `service:`?').waitFor();
      expect(await axeViolations(page)).toEqual([]);
    });
  });
});

describe('live and acting', () => {
  it('asks once more before it applies an action, sends the CSRF token, and shows the result by stream', async () => {
    await on('/incidents/INC-1', desk, async (page) => {
      await page.getByRole('button', { name: /^Apply: Restart catalog/ }).click();
      expect(server.posts).toEqual([]);
      expect(await axeViolations(page)).toEqual([]);
      await page.getByRole('button', { name: /^Yes, apply/ }).click();
      await page.getByRole('button', { name: /^Apply: Restart catalog/ }).waitFor({ state: 'detached' });
      expect(server.posts).toEqual([{ path: '/v1/actions/apply', csrf: true }]);
      await page.getByRole('button', { name: /^Undo: Pause/ }).click();
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: /^Undo: Pause/ }).click();
      await page.keyboard.press('Enter');
      await page.getByText('Undone').first().waitFor();
      expect(server.posts.at(-1)).toEqual({ path: '/v1/actions/ACT-1/undo', csrf: true });
    });
  });

  it('keeps the chosen theme over a reload, whatever the system prefers', async () => {
    await on('/coverage', desk, async (page) => {
      await page.getByRole('button', { name: /Theme: as the system/ }).click();
      await page.reload();
      await page.getByRole('button', { name: /Theme: light/ }).waitFor();
      expect(await page.evaluate('getComputedStyle(document.documentElement).colorScheme')).toBe('light');
    });
  });

  it('shows hostile text as text: nothing runs, nothing is hidden, nothing is reordered', async () => {
    await on('/incidents/INC-1?step=2', desk, async (page) => {
      const more = page.locator('.step-more');
      await more.waitFor();
      const text = await more.textContent();
      expect(text).toContain('<img src=x onerror=alert(1)>');
      expect(text).toContain('\\x1b[31m');
      expect(text).toContain('\\u{202e}');
      expect(await page.locator('img').count()).toBe(0);
    });
  });
});

function focused(page: Page): Promise<string> {
  return page.evaluate("document.activeElement?.textContent ?? ''");
}

function shot(name: string, { width, theme }: Sight): string {
  return join(shots, `${name}-${width}-${theme}.png`);
}
