/** What the stories share: the program with an intruder in it, the contracts, and what the intruder tries. */
import {
  chownSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { exec } from '../../../src/base/index.js';
import { tree } from '../house/support.js';

/** Whom our processes run as here: in every Debian. */
export const account = { name: 'www-data', uid: 33, gid: 33 };
type Ids = Pick<typeof account, 'uid' | 'gid'>;

/** How each attempt of `intruder.mjs` on files and programs ends for one that is held. */
export const refused = {
  shell: 'EACCES',
  foreignFile: 'EACCES',
  foreignFolder: 'EACCES',
  planted: 'EACCES',
  changedCode: 'EACCES',
};
const planted = ['other/planted', 'program/dist/planted.js'];

/** The account may change program and files: nothing but the contract can refuse it. */
export async function plantProgram(folder: string, { uid, gid }: Ids): Promise<void> {
  const program = join(folder, 'program');
  mkdirSync(program);
  cpSync(join(tree, 'dist'), join(program, 'dist'), { recursive: true });
  copyFileSync(join(tree, 'package.json'), join(program, 'package.json'));
  copyFileSync(join(import.meta.dirname, 'intruder.mjs'), join(program, 'dist/intruder.mjs'));
  symlinkSync(join(tree, 'node_modules'), join(program, 'node_modules'));
  mkdirSync(join(folder, 'other'));
  writeFileSync(join(folder, 'other/secret'), 'of another service', { mode: 0o644 });
  chownSync(join(folder, 'other'), uid, gid);
  const owned = await exec('chown', ['-R', `${uid}:${gid}`, join(program, 'dist')]);
  if (owned.status !== 0) throw new Error(owned.stderr);
}

/** As it is committed, with the folders of this test. */
export function committed(name: string, folder: string): string {
  return readFileSync(join(tree, 'examples/self', name), 'utf8')
    .replaceAll('/opt/tricordon/node_modules', join(tree, 'node_modules'))
    .replaceAll('/opt/tricordon', join(folder, 'program'))
    .replaceAll('/var/lib/tricordon', folder)
    .replaceAll('/run/tricordon', folder)
    .replaceAll('/usr/bin/node', process.execPath);
}

/** Without a contract the same account may do all of it: what the stories assert can fail. */
export async function expectUnheld(folder: string, { uid, gid }: Ids): Promise<void> {
  const stay = "const stay = setInterval(() => {}, 1000); process.once('SIGUSR2', () => clearInterval(stay));";
  const words = ['-e', `${stay} process.kill(process.pid, 'SIGUSR2')`];
  const intruder = ['--import', join(folder, 'program/dist/intruder.mjs')];
  const done = await exec(process.execPath, [...intruder, ...words], { uid, gid, timeoutMs: 300_000 });
  expect(said('tried')(done.stdout)).toEqual(Object.fromEntries(Object.keys(refused).map((name) => [name, 'done'])));
  for (const name of planted) rmSync(join(folder, name));
}

export function expectNothingPlanted(folder: string): void {
  for (const name of planted) expect(existsSync(join(folder, name)), name).toBe(false);
}

/** Finds what the intruder said of `key` in the output of its process. */
export function said(key: 'tried' | 'dialled'): (output: string) => unknown {
  return (output) => {
    const line = output.split('\n').find((each) => each.startsWith(`{"${key}"`) && each.endsWith('}'));
    return line === undefined ? undefined : JSON.parse(line)[key];
  };
}
