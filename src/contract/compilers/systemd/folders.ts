/** Patterns as systemd has them: one path, which takes in everything beneath it. */
import { fileMatcher } from '../../compile/file-pattern.js';

export interface Folder {
  readonly path: string;
  /** Takes in what the pattern does not. */
  readonly wider: boolean;
}

/** What a unit file takes for nothing else than itself; `%` begins a specifier, a space ends a path. */
const plain = /^(?:\/|(?:\/[A-Za-z0-9._@+,=~-]+)+)$/;

/** undefined: the path cannot be written. */
export function folderOf(pattern: string): Folder | undefined {
  const segments = pattern.split('/');
  const star = segments.findIndex((segment) => segment.includes('*'));
  const path = star === -1 ? pattern : segments.slice(0, star).join('/') || '/';
  if (!plain.test(path)) return undefined;
  // A file has nothing beneath it; if it is a folder after all, more is taken in.
  const whole = star === -1 || (star === segments.length - 1 && segments[star] === '**');
  return { path, wider: !whole };
}

export function isBeneath(path: string, folder: string): boolean {
  return folder === '/' || path === folder || path.startsWith(`${folder}/`);
}

/** True if a deny takes in everything at and beneath a path. */
export function covers(denied: string, path: string): boolean {
  if (denied === path) return true;
  if (!denied.endsWith('/**')) return false;
  const folder = denied.slice(0, -3);
  return folder.includes('*') ? fileMatcher(denied)(path) : isBeneath(path, folder === '' ? '/' : folder);
}
