import { chownSync, rmSync, writeFileSync } from 'node:fs';
import type { Account } from '../../base/index.js';

/** Writes JSON (or text) that only `account` (default: ourselves) can read; returns the path. */
export function writeFor(account: Account | undefined, path: string, value: unknown): string {
  rmSync(path, { force: true });
  writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value), { mode: 0o600, flag: 'wx' });
  if (account !== undefined) chownSync(path, account.uid, account.gid);
  return path;
}
