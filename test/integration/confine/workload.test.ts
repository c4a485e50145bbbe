import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { isRunning } from '../../../src/base/index.js';
import { requires } from '../../requires.js';
import { drive, type House, type Program, testHouse, testProgram, testSpec } from './support.js';

const it = await requires('root', 'nftables', 'iproute2', 'python', 'userns');

/** Python's own web server that also plants a secret, ignores SIGTERM and leaves its parent by forking twice. */
const server = `
import http.server, os, signal, sys
planted = b'planted-' + b'in-memory-' + str(os.getpid()).encode()
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        while True: signal.pause()
    os._exit(0)
os.wait()
http.server.ThreadingHTTPServer(('127.0.0.1', 8000), http.server.SimpleHTTPRequestHandler).serve_forever()
`;

let program: Program;
let house: House;

beforeAll(() => {
  if (process.getuid?.() !== 0) return;
  program = testProgram();
  house = testHouse();
  writeFileSync(join(house.cwd, 'index.html'), 'the old server answers');
});

afterAll(() => {
  house?.remove();
  program?.remove();
});

function run(rung: string, as: 'root' | 'user', command: string[]) {
  const memory = join(house.dataDir, `${rung}.memory`);
  rmSync(memory, { force: true });
  const control = join(house.runtimeDir, 'p', `${randomBytes(4).toString('hex')}.sock`);
  const log = join(house.dataDir, `${rung}.log`);
  const driver = drive({ rung, spec: testSpec(house, program), command, facts: {}, control, log, memory }, as, program);
  return { driver, memory };
}

for (const [rung, as] of [
  ['netns', 'root'],
  ['userns', 'user'],
] as const) {
  describe(`a command on the rung ${rung}`, () => {
    it('serves through sockets that the inlet hands out, stands still, is cut off, read and ended', async () => {
      const { driver, memory } = run(rung, as, ['/usr/bin/python3', '-c', server]);
      const started = await driver.next('started');
      const pid = Number(started['pid']);
      const fetched = async () => String((await driver.ask('fetch 8000')).value);
      let answer = await fetched();
      while (answer.startsWith('failed ECONNREFUSED')) answer = await fetched();
      expect(answer).toContain('the old server answers');

      // The grandchild that left its parent is found, too.
      let tree = await processes(driver);
      while (tree.length < 2) tree = await processes(driver);
      expect(tree.some((one) => one.pid === pid)).toBe(true);
      expect((await driver.ask('pause')).value).toBe(2);
      // Frozen by the cgroup a process shows as sleeping, stopped by a signal as `T`: what counts is that none answers.
      if (rung === 'userns') for (const one of tree) expect(state(one.pid)).toMatch(/^[Tt]$/);
      expect((await driver.ask('memory')).value).toMatchObject({ regions: expect.any(Number) });
      expect(readFileSync(memory).includes(`planted-in-memory-${pid}`)).toBe(true);
      expect((await driver.ask('resume')).value).toBe(2);
      expect(await fetched()).toContain('the old server answers');

      await rungOf(driver, 'isolate');
      expect(await fetched()).toBe('failed ETIMEDOUT');
      await rungOf(driver, 'rejoin');
      expect(await fetched()).toContain('the old server answers');

      expect((await driver.ask('kill')).value).toBe(2);
      expect(await driver.next('ended')).toMatchObject({ status: null, signal: 'SIGKILL' });
      for (const one of tree) expect(isRunning(one.pid, one.start)).toBe(false);
      await driver.ask('end');
      await driver.close();
    });

    it('keeps its own exit status, its pid and an unknown command’s 127', async () => {
      const seven = run(rung, as, ['sh', '-c', 'echo $$; exit 7']);
      const started = await seven.driver.next('started');
      expect(await seven.driver.next('ended')).toMatchObject({ status: 7, output: `${started['pid']}\n` });
      await seven.driver.ask('end');
      await seven.driver.close();
      const unknown = run(rung, as, ['no-such-command']);
      expect(await unknown.driver.next('ended')).toMatchObject({ status: 127 });
      await unknown.driver.ask('end');
      await unknown.driver.close();
    });
  });
}

async function processes(driver: ReturnType<typeof drive>): Promise<{ pid: number; start: number }[]> {
  const { value } = await driver.ask('tree');
  return Array.isArray(value) ? value : [];
}

async function rungOf(driver: ReturnType<typeof drive>, verb: 'isolate' | 'rejoin'): Promise<void> {
  expect((await driver.ask(verb)).error).toBeUndefined();
}

function state(pid: number): string {
  return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.[0] ?? '';
}
