import { afterAll, beforeAll, beforeEach, describe, expect } from 'vitest';
import { requires } from '../../requires.js';
import { accessibilityProblems, type Look, openPage } from './browser.js';
import { proposal } from './contracts.js';
import { expectSound, type House, openHouse } from './house.js';

const it = await requires('chromium');
const laptop: Look = { width: 1280, height: 800, scheme: 'dark' };
const views = {
  contracts: { path: '/contracts', ready: '1 proposed contract waits for a decision.' },
  contract: { path: '/contracts/catalog', ready: 'v8 waits for a decision' },
  'contract-all': { path: '/contracts/catalog?show=all&with=6', ready: 'web may no longer call GET /admin' },
  'contract-learning': { path: '/contracts/orders', ready: 'is being learned, and nothing is proposed yet' },
  audit: { path: '/audit', ready: 'Verify the chain' },
  'no-contract': { path: '/contracts/nobody', ready: 'There is no contract of nobody' },
} as const;

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house?.close());
beforeEach(() => {
  if (house === undefined) return;
  Object.assign(house.server, {
    empty: false,
    glass: false,
    signedIn: true,
    refuse: undefined,
    newest: proposal.version,
    tampered: false,
  });
  house.server.changes.length = 0;
  house.server.searches.length = 0;
});

for (const [name, view] of Object.entries(views))
  it(`is sound on laptop and telephone, dark and light: ${name}`, () => expectSound(house, name, view));

describe('the clauses of a contract', () => {
  it('stand side by side, with what each rests on, and never obey hostile text', async () => {
    const { page, complaints } = await openPage(house.browser, laptop);
    await page.goto(`${house.server.url}/contracts/catalog`);
    const read = page.getByRole('row').filter({ hasText: '/srv/products.json' });
    await read.getByText('seen once').click();
    await read.getByText('open \\u{202e}<img src=x onerror=alert(1)>\\x1b[2J by /usr/bin/node').waitFor();
    const wider = page.getByRole('row').filter({ hasText: 'get-products' });
    await wider.getByText('seen 41,220 times').click();
    await wider.getByText('orders, web').waitFor();
    await wider.getByText('only for those who may read observations').waitFor();
    expect(await page.getByText('run-node').count()).toBe(0);
    expect(await page.getByText('Programs it may start').count()).toBe(0);
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.getByRole('button', { name: 'every clause' }).click();
    expect(await page.getByText('run-node').count()).toBe(3);
    await page.getByText('not managed: everything passes').waitFor();
    expect([await page.locator('img').count(), complaints]).toEqual([0, []]);
    await page.context().close();
  });

  it('stay usable when there are 2,000: a part is drawn, the filter reaches all', async () => {
    const { page } = await openPage(house.browser, laptop);
    await page.goto(`${house.server.url}/contracts/worker`);
    await page.getByText('2,000 clauses of 2,000.').waitFor();
    const drawn = () => page.locator('tr.clause-added').count();
    expect(await drawn()).toBe(50);
    await page.getByRole('button', { name: /Show 200 more of 1,950/ }).click();
    expect(await drawn()).toBe(250);
    await page.keyboard.press('/');
    await page.keyboard.type('/rates/1999');
    await page.getByText('1 clause of 2,000.').waitFor();
    expect(await page.getByText('call-1999').count()).toBe(1);
    await page.context().close();
  });
});

describe('a decision', () => {
  const look = async () => {
    const { page } = await openPage(house.browser, laptop);
    await page.goto(`${house.server.url}/contracts/catalog`);
    await page.getByRole('button', { name: 'Approve v8' }).waitFor();
    return page;
  };

  it('is about the digest that was looked at, and needs a reason', async () => {
    const page = await look();
    await page.getByRole('button', { name: 'Reject v8' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Reject', exact: true }).click();
    expect(house.server.changes).toEqual([]);
    await page.getByLabel('what should whoever proposed it do next?').fill('imports are for the back office');
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'hidden' });
    expect(house.server.changes).toEqual([
      {
        what: 'POST /v1/contracts/catalog/reject',
        csrf: 'fixture-csrf',
        body: JSON.stringify({ version: 8, digest: proposal.digest, reason: 'imports are for the back office' }),
      },
    ]);
    await page.context().close();
  });

  it('says what to do when a second person is needed', async () => {
    const page = await look();
    house.server.refuse = {
      hint: null,
      status: 403,
      code: 'four-eyes',
      detail: '`Ana Lima` proposed version 8, and cannot approve it too',
    };
    await page.getByRole('button', { name: 'Approve v8' }).click();
    await page.getByLabel('Reason, for the history').fill('agreed');
    await page.keyboard.press('Enter');
    await page.getByText('`Ana Lima` proposed version 8, and cannot approve it too').waitFor();
    await page.getByText('Give the address of this page to another approver.').waitFor();
    await page.context().close();
  });

  it('is not taken about a version that a newer one has overtaken while it was read', async () => {
    const page = await look();
    await page.locator('.live', { hasText: /^live$/ }).waitFor({ state: 'attached' });
    await page.getByRole('button', { name: 'Approve v8' }).click();
    await page.getByLabel('Reason, for the history').fill('agreed');
    house.server.newest = 9;
    house.server.tell('contracts', 'catalog');
    await page.getByText('v9 was proposed while you looked at v8.').waitFor();
    expect(await page.getByRole('dialog').getByRole('button', { name: 'Approve' }).isDisabled()).toBe(true);
    await page.keyboard.press('Enter');
    expect(house.server.changes).toEqual([]);
    await page.context().close();
  });

  it('is proposed with chosen modes from what is learned', async () => {
    const { page } = await openPage(house.browser, laptop);
    await page.goto(`${house.server.url}/contracts/orders`);
    await page.getByRole('button', { name: 'Propose what is learned' }).click();
    await page.getByLabel('API layer').selectOption('enforce');
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.getByRole('dialog').getByRole('button', { name: 'Propose' }).click();
    await expect
      .poll(() => house.server.changes.map(({ body }) => body))
      .toEqual(['{"mode":{"runtime":"learn","network":"learn","api":"enforce"}}']);
    await page.context().close();
  });
});

it('keeps who decided what, when and why, and compares an older version with the one in force', async () => {
  const { page } = await openPage(house.browser, laptop);
  await page.goto(`${house.server.url}/contracts/catalog`);
  const rejected = page.getByRole('row').filter({ hasText: 'rejected' });
  await rejected.getByText('lets \\u{202e}<img src=x').waitFor();
  await rejected.getByText('Ana Lima').waitFor();
  await page.getByRole('button', { name: 'Compare v6 with v7, which is in force' }).click();
  await page.getByText('API layer: audit -> enforce').waitFor();
  expect(new URL(page.url()).searchParams.get('with')).toBe('6');
  await page.context().close();
});

describe('the audit trail', () => {
  it('is searched by what stands in the URL, and on below what was found', async () => {
    const { page, complaints } = await openPage(house.browser, laptop);
    await page.goto(`${house.server.url}/audit`);
    await page.getByText('100 entries found, down to entry 151.').waitFor();
    await page.getByRole('button', { name: 'Search on below entry 151' }).click();
    await page.getByText('200 entries found, down to entry 51.').waitFor();
    await page.keyboard.press('/');
    await page.getByLabel('Who').fill('Bela Costa');
    await page.getByLabel('From').fill('2026-11-22T12:05');
    await page.keyboard.press('Enter');
    await page.getByText('84 entries found, down to the first entry there is.').waitFor();
    const asked = new URLSearchParams(house.server.searches.at(-1));
    const since = await page.evaluate<number>('new Date(2026, 10, 22, 12, 5).getTime()');
    expect([asked.get('actor'), asked.get('since'), asked.get('before')]).toEqual(['Bela Costa', String(since), null]);
    expect(new URL(page.url()).searchParams.get('actor')).toBe('Bela Costa');
    expect(await page.evaluate('document.activeElement.name')).toBe('from');
    await page.getByRole('button', { name: 'Clear' }).click();
    expect(await page.getByLabel('Who').inputValue()).toBe('');
    await page.getByText('100 entries found').waitFor();
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('writes hostile entries out instead of obeying them', async () => {
    const { page, complaints } = await openPage(house.browser, laptop);
    await page.goto(`${house.server.url}/audit`);
    const hostile = page.getByRole('row').filter({ hasText: 'people.invite' });
    await hostile.getByText('\\u{202e}<img src=x onerror=alert(1)>').waitFor();
    await hostile.getByText('=HYPERLINK("http://evil.example")\\x1b[2J').waitFor();
    await hostile.locator('summary').click();
    await hostile.getByText('\\u{2028}</script>').waitFor();
    expect([await page.locator('main img').count(), complaints]).toEqual([0, []]);
    await page.context().close();
  });

  it('says that the chain holds and how far it is signed, or where it breaks', async () => {
    const { page } = await openPage(house.browser, laptop);
    await page.goto(`${house.server.url}/audit`);
    await page.getByRole('button', { name: 'Verify the chain' }).click();
    await page.getByText('unbroken: 250 entries').waitFor();
    await page.getByText('agrees up to entry 249.').waitFor();
    house.server.tampered = true;
    await page.getByRole('button', { name: 'Verify the chain' }).click();
    await page.getByText('broken at entry 42').waitFor();
    expect(await page.getByText('unbroken').count()).toBe(0);
    expect(await accessibilityProblems(page)).toEqual([]);
    expect(await page.getByRole('link', { name: 'Export all as JSON lines' }).getAttribute('href')).toBe(
      '/v1/audit/export',
    );
    await page.context().close();
  });
});
