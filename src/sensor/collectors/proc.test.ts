import { expect, test } from 'vitest';
import type { Glimpse } from '../glimpse.js';
import type { Look } from '../proc-look.js';
import type { RawEvent } from '../raw-event.js';
import type { Target } from '../target.js';
import { procCollector } from './proc.js';

const target: Target = { workload: 'web-host-00000001', service: 'web', identity: null, root: { pid: 10, start: 1 } };
const process = (pid: number, executable: string | null, args: string[], start = 1): Glimpse => ({
  pid,
  start,
  ppid: 1,
  comm: 'x',
  executable,
  args,
  argsTruncated: false,
  network: null,
});

/** Runs through the looks given, one after the other; the last one is repeated. */
async function watch(looks: readonly (readonly Glimpse[] | Error)[]) {
  const events: RawEvent[] = [];
  const states: string[] = [];
  let round = 0;
  let all: () => void = () => {};
  const looked = new Promise<void>((resolve) => {
    all = resolve;
  });
  const look: Look = async () => {
    const now = looks[Math.min(round, looks.length - 1)] ?? [];
    round += 1;
    if (round > looks.length) all();
    if (now instanceof Error) throw now;
    return new Map([[target, now]]);
  };
  const collector = procCollector({ look, fix: 'install a tracer', everyMs: 1 });
  const running = await collector.start(
    { event: (event) => events.push(event), note: () => {}, state: ({ kind }) => states.push(kind) },
    { all: () => [target], onChange: () => () => {} },
  );
  await looked;
  await running.stop();
  return {
    acts: events.map(({ process: { pid }, act }) => [pid, act.kind, 'path' in act ? act.path : '']),
    states,
    running,
  };
}

test('each program is told once, a new one in the same process again, an end when it is gone', async () => {
  const { acts } = await watch([
    [process(10, '/bin/web', ['web'])],
    [process(10, '/bin/web', ['web']), process(11, '/bin/sh', ['sh'])],
    [process(10, '/bin/web', ['web']), process(11, '/bin/cat', ['cat', 'x'])],
    [process(10, '/bin/web', ['web'])],
  ]);
  expect(acts).toEqual([
    [10, 'exec', '/bin/web'],
    [11, 'exec', '/bin/sh'],
    [11, 'exec', '/bin/cat'],
    [11, 'exit', ''],
  ]);
});

test('a pid that was given to another process is an end and a beginning', async () => {
  const { acts } = await watch([[process(11, '/bin/sh', ['sh'])], [process(11, '/bin/sh', ['sh'], 2)]]);
  expect(acts.map(([, kind]) => kind)).toEqual(['exec', 'exit', 'exec']);
});

test('a program that may not be read is not guessed', async () => {
  expect((await watch([[process(10, null, ['web'])]])).acts).toEqual([]);
});

test('who cannot look is blind, not without processes: nothing ends, and it says when it sees again', async () => {
  const web = [process(10, '/bin/web', ['web'])];
  const { acts, states } = await watch([web, new Error('helper gone'), new Error('helper gone'), web]);
  expect(acts).toEqual([[10, 'exec', '/bin/web']]);
  expect(states).toEqual(['blind', 'seeing']);
});

test('while blind it watches nobody', async () => {
  const { running } = await watch([new Error('helper gone')]);
  expect(running.watches(target)).toBe(false);
});
