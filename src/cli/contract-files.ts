/** Contracts, bases and bounds from files: what a repository of policies holds. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, openPlainFile, printable, TricordonError } from '../base/index.js';
import { type ContractTests, parsePolicyFile, type SetDocument } from '../contract/index.js';
import { CliError } from './command.js';

const largest = 64 << 20;
const mostFiles = 20_000;
const deepest = 32;

export interface FileProblem {
  readonly file: string;
  readonly message: string;
}

export interface ContractFiles {
  readonly documents: readonly SetDocument[];
  /** Tables of tests that lie among them. */
  readonly tests: readonly { readonly file: string; readonly table: ContractTests }[];
  readonly problems: readonly FileProblem[];
}

/**
 * Every `.yaml`, `.yml` and `.json` below a folder, or one file; links are not followed. What cannot be read is a problem, and
 * the others are read all the same.
 *
 * @throws CliError `usage` when there is nothing of that name, or nothing in it
 */
export async function readContractFiles(path: string): Promise<ContractFiles> {
  const facts = await stat(path).catch((cause: unknown) => {
    throw new CliError('usage', `\`${printable(path, 200)}\` cannot be read (${codeOf(cause) ?? 'unknown'})`, {
      cause,
      hint: 'name a folder with contracts, or one file',
    });
  });
  const files = facts.isDirectory() ? await filesBelow(path) : [path];
  if (files.length === 0)
    throw new CliError('usage', `there is no .yaml, .yml or .json file in \`${printable(path, 200)}\``, {
      hint: 'name a folder with contracts, or one file',
    });
  const documents: SetDocument[] = [];
  const tests: { readonly file: string; readonly table: ContractTests }[] = [];
  const problems: FileProblem[] = [];
  for (const file of files) {
    try {
      const document = parsePolicyFile(await textOf(file), file, largest);
      if (document.kind === 'ContractTests') tests.push({ file, table: document });
      else documents.push({ file, document });
    } catch (error) {
      if (!(error instanceof TricordonError) && codeOf(error) === undefined) throw error;
      problems.push({
        file,
        message: error instanceof TricordonError ? error.message : `cannot be read (${codeOf(error)})`,
      });
    }
  }
  return { documents, tests, problems };
}

/** The same, where every file has to be good. @throws CliError `refused` with what is wrong in which */
export async function goodContractFiles(path: string): Promise<readonly SetDocument[]> {
  return (await goodPolicyFiles(path)).documents;
}

/** With the tests among them. @throws CliError `refused` */
export async function goodPolicyFiles(path: string): Promise<Omit<ContractFiles, 'problems'>> {
  const { documents, tests, problems } = await readContractFiles(path);
  if (problems.length > 0)
    throw new CliError(
      'refused',
      problems
        .slice(0, 20)
        .map(({ message }) => message)
        .join('\n'),
      {
        hint: 'tricordon contract validate shows all of them',
      },
    );
  return { documents, tests };
}

/** UTF-8 and nothing else. */
async function textOf(path: string): Promise<string> {
  const { file, facts } = await openPlainFile(path);
  try {
    if (facts.size > largest) throw new CliError('refused', `\`${printable(path, 200)}\` is larger than 64 MiB`);
    return decoded(path, await file.readFile());
  } finally {
    await file.close();
  }
}

export async function readText(path: string): Promise<string> {
  try {
    return decoded(path, await readFile(path));
  } catch (cause) {
    if (cause instanceof TricordonError) throw cause;
    throw new CliError('usage', `\`${printable(path, 200)}\` cannot be read (${codeOf(cause) ?? 'unknown'})`, {
      cause,
    });
  }
}

function decoded(path: string, bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new CliError('refused', `\`${printable(path, 200)}\` is not UTF-8`, { cause });
  }
}

async function filesBelow(folder: string, depth = 0, found: string[] = []): Promise<string[]> {
  if (depth > deepest) return found;
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries.toSorted((one, other) => (one.name < other.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
    if (entry.isDirectory()) await filesBelow(path, depth + 1, found);
    else if (entry.isFile() && /\.(ya?ml|json)$/.test(entry.name)) found.push(path);
    if (found.length > mostFiles)
      throw new CliError('refused', `more than ${mostFiles} files below \`${printable(folder, 200)}\``, {
        hint: 'name the folder with the contracts alone',
      });
  }
  return found;
}
