import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { exec } from '../../../src/base/index.js';
import { directBpftrace } from '../../../src/sensor/index.js';
import { requires } from '../../requires.js';
import { kernelStories } from './kernel-stories.js';
import { world } from './world.js';

const it = await requires('root', 'bpftrace', 'python');

const here = world('bpftrace', directBpftrace({ exec, isRoot: true }));
const { seen, of, run, until, ended, sensor } = here;
kernelStories(it, 'bpftrace', here);

it('comes back after kill -9 of the tracer and reports how long it was blind', async () => {
  const before = seen.length;
  const tracer = readdirSync('/proc').find((pid) => {
    if (!/^[0-9]+$/.test(pid)) return false;
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      return stat.includes('(bpftrace)') && stat.split(') ')[1]?.split(' ')[1] === String(process.pid);
    } catch {
      return false;
    }
  });
  process.kill(Number(tracer), 'SIGKILL');
  const about = () => seen.slice(before).flatMap(({ event }) => (event.kind === 'sensor' ? [event] : []));
  await until(() => about().some(({ state }) => state === 'degraded'));
  expect(sensor().coverage().level).not.toBe('full');
  await until(() => about().some(({ state }) => state === 'started'));
  expect(about().find(({ state }) => state === 'started')?.detail).toMatch(/blind for [0-9]+ ms/);
  await run('after', '/bin/true', ['again']);
  await ended('after');
  expect(of('after')[0]?.event).toMatchObject({ kind: 'exec', args: ['/bin/true', 'again'] });
});
