/** Writes what was compiled into a folder: all of it or nothing, and never over a file of somebody else. */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { lstat, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { codeOf, isDiskFull, printable } from '../base/index.js';
import type { Artefact } from '../contract/index.js';
import { CliError, noSpace } from './command.js';

/** Name and digest of every file we wrote into a folder: what is not in it, or was changed since, is somebody else's. */
const ledgerName = '.tricordon-compiled.json';
const Ledger = z.strictObject({ schemaVersion: z.literal(1), files: z.record(z.string(), z.string()) });

/**
 * Each file is complete before it gets its name. The files that are in the way are named before anything is written.
 *
 * @throws CliError `refused`
 */
export async function writeArtefacts(
  folder: string,
  artefacts: readonly Artefact[],
  options: { readonly force: boolean },
): Promise<void> {
  for (const { file } of artefacts) refuseOutside(file);
  try {
    await makeFolder(folder);
    for (const { file } of artefacts) await refuseLinks(folder, file);
    const ledger = await ledgerOf(folder);
    const foreign: string[] = [];
    for (const { file, text } of artefacts) {
      const there = await contentOf(join(folder, file));
      if (there !== undefined && digestOf(there) !== ledger[file] && there.toString('utf8') !== text)
        foreign.push(file);
    }
    if (foreign.length > 0 && !options.force)
      throw new CliError(
        'refused',
        `\`${printable(folder, 200)}\` has ${foreign.map((file) => `\`${file}\``).join(', ')}, not as this command wrote it`,
        { hint: 'give another folder with --out, or --force to replace' },
      );
    const files = { ...ledger };
    for (const { file, text } of artefacts) {
      await makeFolder(dirname(join(folder, file)));
      await replace(join(folder, file), text);
      files[file] = digestOf(text);
    }
    await replace(join(folder, ledgerName), `${JSON.stringify({ schemaVersion: 1, files }, null, 2)}\n`);
  } catch (error) {
    if (error instanceof CliError) throw error;
    if (isDiskFull(error)) throw noSpace(error);
    throw new CliError('refused', `\`${printable(folder, 200)}\` cannot be written (${codeOf(error) ?? 'unknown'})`, {
      cause: error,
    });
  }
}

function refuseOutside(file: string): void {
  const parts = file.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..') || /[\0\\]/.test(file) || file === ledgerName)
    throw new CliError('refused', `\`${printable(file, 200)}\` is no name of a file beneath the folder`);
}

/** With those above it. Not the recursive one of Node.js: that never ends where a file system refuses new folders with ENOENT. */
async function makeFolder(path: string): Promise<void> {
  const made = await mkdir(path).then(
    () => 'made',
    (error: unknown) => {
      if (codeOf(error) === 'EEXIST') return 'made';
      if (codeOf(error) === 'ENOENT' && !existsSync(dirname(path))) return 'nothing above';
      throw error;
    },
  );
  if (made === 'made') return;
  await makeFolder(dirname(path));
  await mkdir(path);
}

/** Neither the file nor a folder on the way may lead elsewhere. */
async function refuseLinks(folder: string, file: string): Promise<void> {
  let path = folder;
  for (const part of file.split('/')) {
    path = join(path, part);
    const facts = await lstat(path).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    });
    if (facts === undefined) return;
    if (facts.isSymbolicLink())
      throw new CliError('refused', `\`${printable(path, 200)}\` is a symbolic link`, {
        hint: 'give a folder of its own with --out',
      });
  }
}

async function ledgerOf(folder: string): Promise<Readonly<Record<string, string>>> {
  const content = await contentOf(join(folder, ledgerName));
  if (content === undefined) return {};
  try {
    return Ledger.parse(JSON.parse(content.toString('utf8'))).files;
  } catch {
    // Broken, it proves nothing: every file that is there counts as foreign.
    return {};
  }
}

async function contentOf(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function replace(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString('hex')}.tricordon-new`;
  try {
    await writeFile(draft, text, { flag: 'wx', mode: path.endsWith('.sh') ? 0o755 : 0o644 });
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

function digestOf(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex');
}
