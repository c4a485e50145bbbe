/** Who a wrapped command runs as, and who asked for it. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Account, environment } from '../base/index.js';
import { CliError } from './command.js';
import type { StateFile } from './state-file.js';

/** Root mode: `--user`, else who called sudo; never root. As an ordinary user: that user. */
export async function workloadAccount(
  asked: string | undefined,
  rootMode: boolean,
  lookUp: (name: string) => Account | undefined,
): Promise<Pick<Account, 'uid' | 'gid'>> {
  if (!rootMode) {
    if (asked !== undefined) throw new CliError('usage', '`--user` needs root', { hint: 'leave it out, or use sudo' });
    return { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  }
  const name = asked ?? environment('TRICORDON_USER');
  if (name !== undefined) {
    const account = lookUp(name);
    if (account === undefined)
      throw new CliError('prerequisite', `there is no account \`${name}\``, { hint: `useradd --system ${name}` });
    if (account.uid === 0)
      throw new CliError('refused', 'a protected command does not run as root', {
        hint: 'name another account with --user',
      });
    return account;
  }
  const uid = Number(environment('SUDO_UID') ?? 'none');
  const gid = Number(environment('SUDO_GID') ?? 'none');
  if (Number.isInteger(uid) && uid > 0) return { uid, gid: Number.isInteger(gid) ? gid : uid };
  throw new CliError('prerequisite', 'a protected command does not run as root', {
    hint: 'name an account with --user, or call sudo from your own account',
  });
}

/** The person behind this command, as far as the system knows. */
export function operator(): string {
  return (
    environment('SUDO_USER') ?? environment('USER') ?? environment('LOGNAME') ?? `uid ${process.getuid?.() ?? '?'}`
  );
}

/** The program tree and Node binary that our processes run from: root mode has its own copy. */
export function programPlace(state: StateFile | undefined): { programDir: string; nodePath: string } {
  if (state?.program !== undefined) return state.program;
  return { programDir: programRoot(), nodePath: process.execPath };
}

/** The folder that holds `dist/` and `node_modules/`. */
export function programRoot(): string {
  let at = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(at, 'package.json')) && at !== '/') at = dirname(at);
  return at;
}
