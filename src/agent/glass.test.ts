import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { manualClock, silent } from '../base/index.js';
import { hostCodeHash } from '../identity/index.js';
import type { GlassOpening } from '../model/index.js';
import { createGlass, type Glass, GlassByCode } from './glass.js';

const minute = 60_000;
const code = '0a1b2-c3d4e-f5061-72839-4a5b6-c7d8e-9f001-12233';
const codeHash = hostCodeHash('alpha', code);
const request: GlassByCode = GlassByCode.parse({
  code,
  services: ['shop'],
  minutes: 30,
  reason: 'payments are refused',
  operator: 'ana',
});

let directory: string;
let clock: ReturnType<typeof manualClock>;
let changes: number;
const changed = () => {
  changes += 1;
};
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tc-glass-'));
  clock = manualClock();
  changes = 0;
});
afterEach(async () => {
  for (const { written } of agents.splice(0)) await written();
  rmSync(directory, { recursive: true, force: true });
});

const path = () => join(directory, 'glass.json');
const agents: Glass[] = [];
const agent = (host = 'alpha'): Glass => {
  const made = createGlass({ path: path(), host, clock, log: silent, changed });
  agents.push(made);
  return made;
};
const remote = (more: Partial<GlassOpening> = {}): GlassOpening => ({
  id: 'GLASS-0123456789',
  services: ['shop'],
  layers: ['api'],
  host: null,
  openedAt: clock.now(),
  until: clock.now() + 30 * minute,
  by: 'Ana',
  reason: 'payments are refused',
  closed: null,
  ...more,
});
const ids = (glass: Glass) => glass.open().map(({ id }) => id);

describe('what the control plane opened', () => {
  test('is open until it closes it, or until its time is over, whatever the wall clock is set to', () => {
    const glass = agent();
    glass.take({ open: [remote()], codeHash: null });
    expect([ids(glass), changes]).toEqual([['GLASS-0123456789'], 1]);
    glass.take({ open: [], codeHash: null });
    expect([ids(glass), changes]).toEqual([[], 2]);
    glass.take({ open: [remote()], codeHash: null });
    clock.advance(29 * minute);
    clock.jump(-120 * minute);
    glass.look();
    expect(ids(glass)).toHaveLength(1);
    clock.advance(minute);
    glass.look();
    expect(ids(glass)).toEqual([]);
    // Told again by a control plane that has not noticed yet.
    glass.take({ open: [remote({ openedAt: clock.now() - 30 * minute, until: clock.now() })], codeHash: null });
    expect(ids(glass)).toEqual([]);
  });

  test('ends when the clock is set past its end', () => {
    const glass = agent();
    glass.take({ open: [remote()], codeHash: null });
    clock.jump(31 * minute);
    glass.look();
    expect(ids(glass)).toEqual([]);
  });

  test('is never open for longer than four hours, whatever it says', () => {
    const glass = agent();
    glass.take({ open: [remote({ until: clock.now() + 100 * 24 * 60 * minute })], codeHash: null });
    clock.advance(240 * minute);
    glass.look();
    expect(ids(glass)).toEqual([]);
  });
});

describe('the sealed code', () => {
  test('opens once, on its own host, and the control plane hears of it', async () => {
    const glass = agent();
    await expect(glass.openByCode(request)).rejects.toMatchObject({ code: 'request-refused' });
    glass.take({ open: [], codeHash });
    const opening = await glass.openByCode({ ...request, code: code.toUpperCase().replaceAll('-', ' ') });
    expect(opening).toMatchObject({ host: 'alpha', by: 'ana, by the sealed code of alpha', closed: null });
    expect(glass.untold()).toEqual([opening]);
    await expect(glass.openByCode(request)).rejects.toThrow('knows no sealed code, or it was used');
    // The control plane has not heard yet, and says the old one again.
    glass.take({ open: [], codeHash });
    await expect(glass.openByCode(request)).rejects.toThrow('knows no sealed code, or it was used');
    glass.told([opening]);
    expect(glass.untold()).toEqual([]);
    clock.advance(30 * minute);
    glass.look();
    expect(glass.open()).toEqual([]);
    expect(glass.untold()).toMatchObject([{ id: opening.id, closed: { by: 'time', at: opening.until } }]);
  });

  test('is refused when it is wrong or of another host, one after the other', async () => {
    const glass = agent('beta');
    glass.take({ open: [], codeHash });
    await expect(glass.openByCode(request)).rejects.toThrow('not the code of this host');
    const many = Array.from({ length: 8 }, () => glass.openByCode({ ...request, code: 'guess' }).catch(() => {}));
    expect(() => glass.openByCode(request)).toThrow('too many codes at once');
    await many[0];
    expect(glass.open()).toEqual([]);
  });

  test('is closed by hand, and not twice', async () => {
    const glass = agent();
    glass.take({ open: [], codeHash });
    const { id } = await glass.openByCode(request);
    expect(await glass.close(id, 'ben')).toMatchObject({ closed: { by: 'ben' } });
    expect(glass.open()).toEqual([]);
    await expect(glass.close(id, 'ben')).rejects.toMatchObject({ code: 'request-refused' });
    glass.take({ open: [remote()], codeHash: null });
    await expect(glass.close('GLASS-0123456789', 'ben')).rejects.toMatchObject({ code: 'request-refused' });
  });
});

describe('another agent in its place', () => {
  test('goes on with what is open, ends it in time, and takes no used code', async () => {
    const first = agent();
    first.take({ open: [remote()], codeHash });
    const { id } = await first.openByCode(request);
    const second = agent();
    expect(ids(second)).toEqual(['GLASS-0123456789', id]);
    expect(second.untold()).toMatchObject([{ id }]);
    second.take({ open: [], codeHash });
    await expect(second.openByCode(request)).rejects.toThrow('knows no sealed code, or it was used');
    clock.advance(30 * minute);
    second.look();
    expect(ids(second)).toEqual([]);
    expect(ids(agent())).toEqual([]);
  });

  test('is not fooled by a clock that was set back in between', async () => {
    const first = agent();
    first.take({ open: [], codeHash });
    await first.openByCode(request);
    clock.advance(29 * minute);
    first.look();
    await written((text) => JSON.parse(text).own[0].seen === clock.now());
    clock.jump(-29 * minute);
    const second = agent();
    clock.advance(2 * minute);
    second.look();
    expect(second.open()).toEqual([]);
  });

  test('opens nothing from a file that cannot be read', () => {
    for (const text of ['', '{', '{"schemaVersion":2}', '\u0000'.repeat(10_000)]) {
      writeFileSync(path(), text);
      expect(agent().open()).toEqual([]);
    }
  });
});

async function written(good: (text: string) => boolean): Promise<void> {
  while (!good(readFileSync(path(), 'utf8'))) await new Promise((resume) => setTimeout(resume, 5));
}
