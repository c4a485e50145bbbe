/** Dedicated system accounts: made by `up` in root mode, remembered, removed by `down --purge`. Never `nobody`. */
import { readFileSync } from 'node:fs';
import { type Exec, printable, which } from '../../base/index.js';
import { HelperError } from './errors.js';

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

const nameRule = /^tricordon(-[a-z]{1,16})?$/;

/** The account of this name, made if it is not there. `made` says which, so that only ours is ever removed. */
export async function ensureAccount(name: string, exec: Exec): Promise<Account & { readonly made: boolean }> {
  checkName(name);
  const there = findAccount(name);
  if (there !== undefined) {
    if (there.uid === 0) throw new HelperError('refused', `the account \`${name}\` is root under another name`);
    return { ...there, made: false };
  }
  const useradd = which('useradd');
  if (useradd === undefined) {
    throw new HelperError('failed', '`useradd` not found', { hint: 'apt-get install passwd' });
  }
  const shell = which('nologin') ?? '/bin/false';
  const options = ['--system', '--user-group', '--no-create-home', '--home-dir', '/nonexistent', '--shell', shell];
  const done = await exec(useradd, [...options, '--comment', 'Tricordon', name], { timeoutMs: 30_000 });
  const made = findAccount(name);
  if (made === undefined) {
    throw new HelperError('failed', `the account \`${name}\` cannot be made: ${printable(done.stderr.trim(), 200)}`);
  }
  return { ...made, made: true };
}

/** Removes an account that `ensureAccount` made; not there is as good. */
export async function removeAccount(name: string, exec: Exec): Promise<void> {
  checkName(name);
  if (findAccount(name) === undefined) return;
  const done = await exec(which('userdel') ?? 'userdel', [name], { timeoutMs: 30_000 });
  if (findAccount(name) === undefined) return;
  throw new HelperError('failed', `the account \`${name}\` cannot be removed: ${printable(done.stderr.trim(), 200)}`, {
    hint: 'end the processes that still run under it',
  });
}

/** Looks into /etc/passwd: accounts of ours are local, never a directory's. */
export function findAccount(name: string, passwd = readFileSync('/etc/passwd', 'utf8')): Account | undefined {
  for (const line of passwd.split('\n')) {
    const [login, , uid, gid] = line.split(':');
    if (login !== name || uid === undefined || gid === undefined) continue;
    if (/^\d+$/.test(uid) && /^\d+$/.test(gid)) return { name, uid: Number(uid), gid: Number(gid) };
  }
  return undefined;
}

function checkName(name: string): void {
  if (!nameRule.test(name)) throw new HelperError('refused', `\`${printable(name, 40)}\` is no account of ours`);
}
