import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { exec, manualClock, silent, spawnProcess } from '../../../src/base/index.js';
import { openSpool, readSpool } from '../../../src/store/index.js';
import { observation } from '../../fakes/example-observation.js';

const keys = { current: Buffer.alloc(32, 3), older: [] };

test('a writer killed in the middle of its work loses nothing that it had acknowledged, five times in a row', async () => {
  const home = resolve('.tricordon/killed-writer');
  const program = join(home, 'dist');
  const directory = mkdtempSync(join(tmpdir(), 'tc-spool-'));
  try {
    await compile(program);
    let acknowledged = 0;
    for (let round = 0; round < 5; round += 1) {
      acknowledged += await writeUntilKilled(program, directory, round, 20 + round * 7);
      const seen = await count(directory);
      expect(seen).toBeGreaterThanOrEqual(acknowledged);
      acknowledged = seen; // what was written but not yet acknowledged may be there too
    }
    const spool = await openSpool({
      directory,
      keys,
      keepKeys: async () => {},
      clock: manualClock(),
      log: silent,
      maxBytes: 1 << 30,
      maxAgeMs: 1e12,
    });
    await spool.append([observation(1)]);
    await spool.close();
    expect(await count(directory)).toBe(acknowledged + 1);
  } finally {
    rmSync(directory, { recursive: true, force: true });
    rmSync(home, { recursive: true, force: true });
  }
});

async function compile(program: string): Promise<void> {
  mkdirSync(program, { recursive: true });
  copyFileSync('package.json', join(program, '../package.json'));
  const files = [
    'src/store/index.ts',
    '--outDir',
    program,
    '--rootDir',
    'src',
    '--module',
    'nodenext',
    '--target',
    'es2023',
    '--skipLibCheck',
    '--types',
    'node',
    '--strict',
    '--ignoreConfig',
  ];
  await exec('node_modules/.bin/tsc', files, { timeoutMs: 120_000 });
  writeFileSync(
    join(program, 'write.mjs'),
    `import { silent, systemClock } from './base/index.js';
import { openSpool } from './store/index.js';
const [directory, round] = process.argv.slice(2);
const spool = await openSpool({ directory, keys: { current: Buffer.alloc(32, 3), older: [] }, keepKeys: async () => {}, clock: systemClock, log: silent,
  maxBytes: 1 << 30, maxAgeMs: 1e12, commitMs: 1, segmentBytes: 20000 });
const row = ${JSON.stringify(observation(0))};
for (let n = 0; ; n += 50) {
  await spool.append(Array.from({ length: 50 }, (_, i) => ({ ...row, id: round + ':' + (n + i) })));
  process.stdout.write((n + 50) + '\\n');
}
`,
  );
}

/** Returns how many observations the writer had acknowledged when it was killed. */
async function writeUntilKilled(program: string, directory: string, round: number, lines: number): Promise<number> {
  const child = spawnProcess(process.execPath, [join(program, 'write.mjs'), directory, String(round)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.stdout === null) throw new Error('no output');
  let last = 0;
  let seen = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    last = Number(line);
    seen += 1;
    if (seen === lines) child.kill('SIGKILL');
  }
  expect(seen).toBeGreaterThanOrEqual(lines);
  return last;
}

async function count(directory: string): Promise<number> {
  let sum = 0;
  for await (const item of readSpool({ directory, keys: () => keys })) {
    if (item.kind === 'block') sum += item.observations.length;
    else expect(item.problem).toBe('torn');
  }
  return sum;
}
