/** What a container of an image would run, and as whom. */
import { openDocker } from '../agent/index.js';
import type { Account } from '../base/index.js';
import { CliError } from './command.js';

export interface ImageRequest {
  readonly image: { readonly name: string; readonly digest: string };
  readonly command: string[];
  /** The image's own user where it is a number and not root: such an account needs no name on this host. */
  readonly account: Pick<Account, 'uid' | 'gid'> | undefined;
}

/** @param words given after `--`: they take the place of the image's CMD, its ENTRYPOINT stays */
export async function imageRequest(name: string, words: readonly string[]): Promise<ImageRequest> {
  const engine = await openDocker();
  const found = await engine.image(name);
  if (found === undefined)
    throw new CliError('prerequisite', `the Docker Engine has no image \`${name}\``, {
      hint: `docker pull ${name}, or build it; nothing is downloaded by itself`,
    });
  const command = [...found.entrypoint, ...(words.length > 0 ? words : found.cmd)];
  if (command.length === 0)
    throw new CliError('usage', `the image \`${name}\` does not say what to run`, {
      hint: 'name the command after --',
    });
  const [, uid, gid = uid] = /^(\d+)(?::(\d+))?$/.exec(found.user) ?? [];
  const account = uid === undefined || Number(uid) === 0 ? undefined : { uid: Number(uid), gid: Number(gid) };
  return { image: { name, digest: found.digest }, command, account };
}

/** `NAME=VALUE`, or `NAME` for the value that it has here: what must not stand in a command line is given so. */
export function containerEnvironment(
  given: readonly string[],
  here: (name: string) => string | undefined,
): Record<string, string> {
  return Object.fromEntries(
    given.flatMap((entry) => {
      const [, name, value] = /^([A-Za-z_][A-Za-z0-9_]*)(?:=([\s\S]*))?$/.exec(entry) ?? [];
      if (name === undefined)
        throw new CliError('usage', `\`${entry.split('=')[0]}\` is no name of a variable`, {
          hint: 'written --env NAME=VALUE, or --env NAME',
        });
      const found = value ?? here(name);
      return found === undefined ? [] : [[name, found]];
    }),
  );
}
