/**
 * Files of the control plane's account, read by whoever makes the backup, perhaps root. That account may be in other hands:
 * what is not its own by the time it is opened goes into no backup, since a restore would hand it over.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, openPlainFile, type PlainFile } from '../../base/index.js';
import { CliError } from '../command.js';

/** Relative names of the regular files below, sorted; links are left out. */
export async function filesBelow(folder: string, inside = ''): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(join(folder, inside), { withFileTypes: true })) {
    const name = inside === '' ? entry.name : `${inside}/${entry.name}`;
    if (entry.isDirectory()) found.push(...(await filesBelow(folder, name)));
    else if (entry.isFile()) found.push(name);
  }
  return found.sort();
}

/** In pieces. @throws CliError `refused` for a file of another account, and for what is none any more */
export async function* contentOf(path: string, owner: number): AsyncGenerator<Buffer> {
  const { file, facts } = await opened(path);
  try {
    if (facts.uid !== owner)
      throw new CliError('refused', `\`${path}\` belongs to user id ${facts.uid}, not to the control plane`, {
        hint: 'find out who put it there; a backup holds nothing of others',
      });
    // An open stream would close the file by itself, and without telling.
    for (let buffer = Buffer.alloc(1 << 16); ; buffer = Buffer.alloc(1 << 16)) {
      const { bytesRead } = await file.read(buffer);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

async function opened(path: string): Promise<PlainFile> {
  try {
    return await openPlainFile(path);
  } catch (cause) {
    throw new CliError('refused', `\`${path}\` cannot be read (${codeOf(cause) ?? 'unknown'})`, {
      cause,
      hint: 'it was there a moment ago: try again',
    });
  }
}
