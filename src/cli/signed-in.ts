/** Who the commands speak as: the person who signed in with `login`, or else the token of the installation here. */
import {
  chmodSync,
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { Agent } from 'node:https';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { codeOf, environment, systemClock } from '../base/index.js';
import type { WhoAmI } from '../server/index.js';
import { type Api, type Exchanged, exchange, openApi, openTarget, readAccess, type Target } from './api.js';
import { CliError, type Invocation } from './command.js';
import { isNamed, locate } from './installation.js';

const SignedIn = z.strictObject({
  schemaVersion: z.literal(1),
  url: z.string(),
  /** PEM of the certificate authority. */
  ca: z.string(),
  account: z.string(),
  /** Null after `logout`: where, and by which authority, is still known. */
  session: z.strictObject({ cookie: z.string(), csrf: z.string(), expiresAt: z.number() }).nullable(),
});
export type SignedIn = z.infer<typeof SignedIn>;

function place(): { directory: string; file: string } {
  const directory = join(environment('XDG_CONFIG_HOME') ?? join(homedir(), '.config'), 'tricordon');
  return { directory, file: join(directory, 'session.json') };
}

/** Undefined when nobody signed in here. @throws CliError `refused` for a file that others can read. */
export function signedIn(): SignedIn | undefined {
  const { file } = place();
  let opened: number | undefined;
  try {
    opened = openSync(file, 'r');
    const { mode, uid } = fstatSync(opened);
    if ((mode & 0o077) !== 0 || uid !== process.getuid?.()) {
      throw new CliError('refused', `\`${file}\` can be read by others, or is not yours`, {
        hint: `remove it, and sign in anew: rm ${file}; tricordon login`,
      });
    }
    return SignedIn.parse(JSON.parse(readFileSync(opened, 'utf8')));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    if (error instanceof CliError) throw error;
    throw new CliError('refused', `\`${file}\` cannot be read`, { cause: error, hint: `rm ${file}; tricordon login` });
  } finally {
    if (opened !== undefined) closeSync(opened);
  }
}

export function remember(person: SignedIn): void {
  const { directory, file } = place();
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  rmSync(`${file}.new`, { force: true });
  writeFileSync(`${file}.new`, JSON.stringify(person), { mode: 0o600, flag: 'wx' });
  chmodSync(`${file}.new`, 0o600);
  renameSync(`${file}.new`, file);
}

export function targetOf({ url, ca, session }: SignedIn): Target {
  return {
    url,
    ca,
    headers: session === null ? {} : { cookie: session.cookie, 'x-csrf-token': session.csrf },
  };
}

/** A person who signed in, unless an installation is named: its token is then meant. */
export function apiOf(invocation: Invocation): Api {
  const person = isNamed(invocation) ? undefined : signedIn();
  if (person?.session === undefined || person.session === null) return openApi(readAccess(locate(invocation).dataDir));
  if (person.session.expiresAt <= systemClock.now())
    throw notSignedIn(`the session of \`${person.account}\` has ended`);
  return openTarget(targetOf(person));
}

/** For what only a person does: a token does not do. */
export function personalApi(): Api {
  return openTarget(targetOf(person()));
}

/** @throws CliError `prerequisite` */
export function person(): SignedIn {
  const found = signedIn();
  if (found?.session === undefined || found.session === null) throw notSignedIn('nobody is signed in here');
  if (found.session.expiresAt <= systemClock.now()) throw notSignedIn(`the session of \`${found.account}\` has ended`);
  return found;
}

/** For calls that end the session and answer with another one. */
export async function keepNewSession(known: SignedIn, path: string, body: unknown): Promise<void> {
  const agent = new Agent({ ca: known.ca, minVersion: 'TLSv1.3' });
  try {
    remember({ ...known, session: sessionOf(await exchange({ ...targetOf(known), agent }, 'POST', path, body)) });
  } finally {
    agent.destroy();
  }
}

export function sessionOf({ value, headers }: Exchanged): NonNullable<SignedIn['session']> {
  const me = value as WhoAmI; // the server filters its answers by the schemas in server/api
  return {
    cookie: String(headers['set-cookie']?.[0] ?? '').split(';')[0] ?? '',
    csrf: me.csrf ?? '',
    expiresAt: me.expiresAt ?? 0,
  };
}

function notSignedIn(message: string): CliError {
  return new CliError('prerequisite', message, { hint: 'tricordon login (or `tricordon logout` to go on without)' });
}
