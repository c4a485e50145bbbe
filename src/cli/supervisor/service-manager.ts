/** Tells the service manager that started us how far we are, by its own helper program; without one nothing is said. */
import { environment, exec, messageOf, minimalEnvironment } from '../../base/index.js';

export type Stage = 'ready' | 'stopping';

const words: Readonly<Record<Stage, string>> = { ready: 'READY=1', stopping: 'STOPPING=1' };

/** Resolves when it was told, or could not be; then `say` says why, since it will end us for being late. */
export async function tellManager(stage: Stage, say: (line: string) => void): Promise<void> {
  const socket = environment('NOTIFY_SOCKET');
  if (socket === undefined) return;
  try {
    const told = await exec('systemd-notify', [words[stage]], {
      env: minimalEnvironment({ NOTIFY_SOCKET: socket }),
      timeoutMs: 10_000,
    });
    if (told.status !== 0) say(`the service manager was not told ${words[stage]}: ${messageOf(told.stderr.trim())}`);
  } catch (error) {
    say(`the service manager was not told ${words[stage]}: ${messageOf(error)}`);
  }
}
