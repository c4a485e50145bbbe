/** What is there of the keys that are files: whose they are, who can read them, until when they are good. */
import { lstatSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { codeOf } from '../../base/index.js';
import { certificateChecks } from '../certificate-checks.js';
import { type KeyEntry, keyRegistry } from './registry.js';

export interface KeyFacts extends KeyEntry {
  /** Null for what is no file of the data directory. */
  readonly file: {
    readonly state: 'present' | 'absent' | 'unreadable';
    /** Why somebody else may have read or changed it; null: nobody may. */
    readonly flaw: string | null;
    /** Last written, milliseconds since 1970. */
    readonly changedAt: number | null;
  } | null;
  /** End of a certificate, milliseconds since 1970; null: it has none, or cannot be read. */
  readonly notAfter: number | null;
}

const endsWith: Readonly<Record<string, string>> = {
  root: 'root',
  'root certificate': 'root',
  console: 'console',
  host: 'host',
};

/** @param now milliseconds since 1970 @param uids whose files should be whose, as far as known */
export async function keyFacts(
  dataDir: string,
  now: number,
  uids: Readonly<Partial<Record<'root' | 'control' | 'agent' | 'keys', number>>>,
): Promise<KeyFacts[]> {
  const ends = new Map((await certificateChecks(dataDir, now)).map(({ name, notAfter }) => [name, notAfter]));
  return keyRegistry.map((entry) => {
    const notAfter = ends.get(endsWith[entry.name] ?? '') ?? null;
    const owner = entry.owner === null ? undefined : uids[entry.owner];
    return {
      ...entry,
      notAfter,
      file: entry.path === null ? null : fileFacts(join(dataDir, entry.path), entry, owner),
    };
  });
}

/** Public ones may be read by everybody, and changed by nobody else. */
const publicOnes: ReadonlySet<string> = new Set([
  'recovery key, public part',
  'root certificate',
  'next root certificate',
  'old root certificate',
]);

function fileFacts(path: string, { name }: KeyEntry, owner: number | undefined): NonNullable<KeyFacts['file']> {
  try {
    const facts = lstatSync(path);
    const open = facts.mode & (publicOnes.has(name) ? 0o022 : 0o077);
    const flaw = !facts.isFile()
      ? 'it is not a regular file'
      : owner !== undefined && facts.uid !== owner
        ? `it belongs to user id ${facts.uid}, not to ${owner}`
        : open !== 0
          ? `its mode is ${(facts.mode & 0o777).toString(8)}: others can ${publicOnes.has(name) ? 'change' : 'read'} it`
          : folderFlaw(dirname(path));
    return { state: 'present', flaw, changedAt: facts.mtimeMs };
  } catch (error) {
    const code = codeOf(error);
    return { state: code === 'ENOENT' || code === 'ENOTDIR' ? 'absent' : 'unreadable', flaw: null, changedAt: null };
  }
}

/** Whoever can write to the folder of a file can put another in its place, whatever the mode of the file. */
function folderFlaw(folder: string): string | null {
  const facts = lstatSync(folder);
  if (!facts.isDirectory()) return 'its folder is not a directory but leads elsewhere';
  const mode = facts.mode & 0o777;
  return (mode & 0o022) === 0 ? null : `the mode of its folder is ${mode.toString(8)}: others can replace it`;
}
