/** The demo's installation: `tricordon up` as anyone would start it, as a child process. */
import { join } from 'node:path';
import { environment, spawnProcess, minimalEnvironment } from '../../base/index.js';
import { z } from 'zod';
import { Coverage } from '../../model/index.js';
import { programRoot } from '../accounts.js';
import { CliError } from '../command.js';
import type { DemoPlace } from './location.js';

const Ready = z.object({
  ready: z.literal(true),
  console: z.string(),
  login: z.string(),
  fingerprint: z.string(),
  coverage: Coverage.nullable(),
});
export type Ready = z.infer<typeof Ready>;

export interface HouseProcess {
  readonly ready: Ready;
  readonly pid: number;
  /** Rejects when it ends by itself: nothing of the house would come back after that. */
  readonly lost: Promise<never>;
  /** Stops it and waits. */
  stop(): Promise<void>;
  /** Lets it run on. */
  release(): void;
}

export async function startHouseProcess(
  place: DemoPlace,
  user: string | undefined,
  say: (line: string) => void,
): Promise<HouseProcess> {
  const args = [
    join(programRoot(), 'bin/tricordon.mjs'),
    'up',
    ...['--config', place.configFile, '--data-dir', place.house, '--runtime-dir', place.runtime, '-o', 'json'],
    ...(user === undefined ? [] : ['--user', user]),
  ];
  const xdg = environment('XDG_RUNTIME_DIR');
  const child = spawnProcess(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    cwd: place.base,
    env: minimalEnvironment({ TRICORDON_DEMO: '1', ...(xdg === undefined ? {} : { XDG_RUNTIME_DIR: xdg }) }),
  });
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  let said = '';
  let last = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    for (const line of chunk.toString('utf8').split('\n')) {
      if (line.trim() === '') continue;
      last = line.trim();
      say(line);
    }
  });
  const ready = await new Promise<Ready>((resolve, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
      const line = said.split('\n').find((part) => part.includes('"ready":true'));
      if (line !== undefined && said.includes('\n')) resolve(Ready.parse(JSON.parse(line)));
    });
    child.once('error', (error) =>
      reject(new CliError('demo-failed', `\`up\` did not start: ${error.message}`, { cause: error })),
    );
    child.once('exit', (_, signal) =>
      reject(
        signal === null
          ? new CliError('demo-failed', `\`up\` ended: ${last}`, { hint: 'run `tricordon doctor`' })
          : new CliError('demo-failed', `\`up\` was killed (${signal}) before it was ready`, {
              hint: 'what it left is removed now; run the demo again',
            }),
      ),
    );
  });
  let stopping = false;
  const lost = exited.then(() => {
    if (stopping) return new Promise<never>(() => {});
    throw new CliError('demo-failed', 'the supervisor (`tricordon up`) ended before the demo did', {
      hint: 'was it killed? what it left is removed now; run the demo again',
    });
  });
  lost.catch(() => {});
  return {
    ready,
    pid: child.pid ?? 0,
    lost,
    stop: async () => {
      stopping = true;
      child.kill('SIGTERM');
      await exited;
    },
    release: () => {
      child.stdout?.destroy();
      child.stderr?.destroy();
      child.unref();
    },
  };
}
