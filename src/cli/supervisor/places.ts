/** Accounts, program tree and directories of an installation, made before anything starts. */
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Account, cgroup2Mount, codeOf, isDiskFull, leastRoom, mayWrite, roomAt } from '../../base/index.js';
import { ensureAccounts, placeProgram } from '../../agent/index.js';
import { programRoot } from '../accounts.js';
import { CliError } from '../command.js';
import type { Installation } from '../installation.js';
import { rootKeyFolder } from '../keys/root-key.js';

export interface Places {
  readonly dataDir: string;
  readonly runtimeDir: string;
  /** The agent's part of the runtime directory. */
  readonly agentRuntimeDir: string;
  readonly instance: string;
  readonly programDir: string;
  readonly nodePath: string;
  /** Whom control plane and PostgreSQL run as; undefined: ourselves. */
  readonly control: Account | undefined;
  /** Whom agent and data plane run as; undefined: ourselves. */
  readonly agent: Account | undefined;
  /** Whose the root key is; undefined: ours. */
  readonly keys: Account | undefined;
}

/** Throws CliError `refused` where a directory belongs to someone else, where there is no room to keep anything, or what the parts below throw. */
export async function preparePlaces(installation: Installation): Promise<Places> {
  const { dataDir, runtimeDir, rootMode } = installation;
  own(dataDir, rootMode ? 0o711 : 0o700);
  requireRoom(dataDir);
  own(runtimeDir, rootMode ? 0o711 : 0o700);
  own(join(dataDir, 'log'), rootMode ? 0o711 : 0o700);
  const instance = instanceOf(dataDir);
  const agentRuntimeDir = join(runtimeDir, 'a');
  if (!rootMode) {
    for (const name of ['keys', rootKeyFolder, 'evidence', 'agent', 'spool']) own(join(dataDir, name), 0o700);
    own(agentRuntimeDir, 0o700);
    return {
      dataDir,
      runtimeDir,
      agentRuntimeDir,
      instance,
      programDir: programRoot(),
      nodePath: process.execPath,
      control: undefined,
      agent: undefined,
      keys: undefined,
    };
  }
  const { control, agent, keys } = await ensureAccounts(dataDir);
  own(join(dataDir, rootKeyFolder), 0o700, keys);
  for (const name of ['keys', 'evidence']) own(join(dataDir, name), 0o700, control);
  for (const name of ['agent', 'spool']) own(join(dataDir, name), 0o700, agent);
  own(join(dataDir, 'log/planes'), 0o700, agent);
  own(agentRuntimeDir, 0o700, agent);
  // Made before the sensor starts: the kernel side selects by this folder's id.
  const cgroups = cgroup2Mount();
  if (cgroups !== undefined && mayWrite(cgroups)) mkdirSync(join(cgroups, 'tricordon', instance), { recursive: true });
  const { programDir, nodePath } = placeProgram({
    programDir: programRoot(),
    nodePath: process.execPath,
    dataDir,
  });
  return { dataDir, runtimeDir, agentRuntimeDir, instance, programDir, nodePath, control, agent, keys };
}

/** @throws CliError `refused` where nothing could be kept: better not to start than to stop half way. */
function requireRoom(dataDir: string): void {
  const { freeBytes, full } = roomAt(dataDir);
  if (full)
    throw new CliError('refused', `no space left in \`${dataDir}\`: ${megabytes(freeBytes)} MB are free`, {
      hint: `free at least ${megabytes(leastRoom)} MB there (the first start takes about 100 MB)`,
    });
}

function megabytes(bytes: number): number {
  return Math.floor(bytes / 1_048_576);
}

/** 8 hex digits, fixed with the first start. */
export function instanceOf(dataDir: string): string {
  const path = join(dataDir, 'instance');
  if (!existsSync(path)) writeFileSync(path, randomBytes(4).toString('hex'), { mode: 0o644 });
  const name = readFileSync(path, 'utf8').trim();
  if (!/^[0-9a-f]{8}$/.test(name))
    throw new CliError('refused', `\`${path}\` is not ours`, { hint: 'choose an empty directory with --data-dir' });
  return name;
}

function own(path: string, mode: number, account?: Account): void {
  try {
    mkdirSync(path, { recursive: true, mode });
    const found = lstatSync(path);
    if (!found.isDirectory())
      throw new CliError('refused', `\`${path}\` is not a directory`, { hint: 'choose another place with --data-dir' });
    const uid = process.getuid?.() ?? 0;
    const expected = account?.uid ?? uid;
    if (found.uid !== expected && found.uid !== uid) {
      throw new CliError('refused', `\`${path}\` belongs to user id ${found.uid}`, {
        hint: 'run as the account that made it, or choose another with --data-dir',
      });
    }
    chmodSync(path, mode);
    if (account !== undefined) chownSync(path, account.uid, account.gid);
  } catch (error) {
    if (error instanceof CliError) throw error;
    const code = codeOf(error);
    if (isDiskFull(error))
      throw new CliError('refused', `no space left for \`${path}\``, { cause: error, hint: 'free some space' });
    if (code === 'EEXIST' || code === 'ENOTDIR')
      throw new CliError('refused', `\`${path}\` is not a directory`, {
        cause: error,
        hint: 'choose another place with --data-dir',
      });
    throw new CliError('refused', `cannot make \`${path}\` (${code ?? 'unknown'})`, {
      cause: error,
      hint: 'check the owner of the directory above it, or choose another with --data-dir',
    });
  }
}
