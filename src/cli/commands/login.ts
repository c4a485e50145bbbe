import { Agent } from 'node:https';
import type { WhoAmI } from '../../server/index.js';
import { exchange } from '../api.js';
import { type Asking, asking } from '../ask.js';
import { CliError, type Command, exitCode, flag, type Invocation, text } from '../command.js';
import { authorityAt } from '../first-contact.js';
import { keepNewSession, remember, sessionOf, type SignedIn, signedIn } from '../signed-in.js';

/** Signs a person in. Password, code and link are asked for; without a terminal they are the lines of standard input. */
export const command: Command = async (invocation) => {
  const { output } = invocation;
  const questions = asking();
  const known = signedIn();
  const where = await whereOf(invocation, known);
  const name = text(invocation, 'name') ?? known?.account;
  if (name === undefined) throw new CliError('usage', 'who signs in?', { hint: 'tricordon login ADDRESS --name NAME' });
  const withLink = flag(invocation, 'link');
  const proof = withLink ? { token: await linkSecret(questions) } : await password(questions);
  const agent = new Agent({ ca: where.ca, minVersion: 'TLSv1.3' });
  const answer = await exchange({ ...where, headers: {}, agent }, 'POST', '/v1/login', { name, ...proof });
  agent.destroy();
  const me = answer.value as WhoAmI; // the server filters its answers by the schemas in server/api
  const person: SignedIn = {
    schemaVersion: 1,
    ...where,
    account: me.account,
    session: sessionOf(answer),
  };
  remember(person);
  if (withLink) await firstPassword(person, questions, output.progress);
  const { account, role, expiresAt } = me;
  output.result(
    { schemaVersion: 1, url: where.url, account, role, expiresAt },
    () => `signed in to ${where.url} as ${account} (${role}), until ${new Date(expiresAt ?? 0).toISOString()}`,
  );
  return exitCode.done;
};

async function whereOf(invocation: Invocation, known: SignedIn | undefined): Promise<{ url: string; ca: string }> {
  const address = invocation.arguments[0];
  const fingerprint = text(invocation, 'caFingerprint');
  if (address === undefined) {
    if (known !== undefined) return { url: known.url, ca: known.ca };
    throw new CliError('usage', 'where to?', { hint: 'tricordon login ADDRESS, as the invitation says' });
  }
  const url = addressOf(address);
  if (known !== undefined && fingerprint === undefined && known.url === url.origin)
    return { url: known.url, ca: known.ca };
  if (fingerprint === undefined) {
    throw new CliError('usage', 'which control plane is the right one?', {
      hint: 'give --ca-fingerprint as `tricordon user invite` printed it',
    });
  }
  return { url: url.origin, ca: await authorityAt(url, fingerprint) };
}

function addressOf(written: string): URL {
  const whole = /^https:\/\//.test(written) ? written : `https://${written}`;
  const url = URL.canParse(whole) ? new URL(whole) : undefined;
  if (url === undefined || url.username !== '')
    throw new CliError('usage', 'this is not an address', { hint: 'HOST:PORT, or https://HOST:PORT' });
  if (url.hash.length > 1)
    throw new CliError('refused', 'a one-time link is a secret: others see it in the list of processes', {
      hint: 'take a fresh link; tricordon login ADDRESS --name NAME --link, and give it when asked',
    });
  return url;
}

async function linkSecret(questions: Asking): Promise<string> {
  const said = (await questions.secret('One-time link'))?.trim() ?? '';
  const secret = said.split('#').at(-1) ?? '';
  if (secret.length >= 20) return secret;
  throw new CliError('usage', 'this is not a one-time link', {
    hint: 'an administrator makes one: tricordon user link NAME',
  });
}

async function password(questions: Asking): Promise<{ password: string; code?: string }> {
  const said = await questions.secret('Password');
  if (said === undefined || said === '')
    throw new CliError('usage', 'a password is needed', { hint: 'or sign in with a one-time link: --link' });
  const code = (await questions.secret('Code (empty without a second factor)'))?.trim() ?? '';
  return { password: said, ...(code === '' ? {} : { code }) };
}

/** Left out: the person signs in with a further link next time. One that has a password changes it with `password`. */
async function firstPassword(person: SignedIn, questions: Asking, say: (line: string) => void): Promise<void> {
  const said = await questions.secret('New password, at least 12 characters (empty: none)');
  if (said === undefined || said === '') return;
  try {
    await keepNewSession(person, '/v1/password', { password: said });
  } catch (error) {
    say('signed in, but the password was not set: try `tricordon password`');
    throw error;
  }
}
