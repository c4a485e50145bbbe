/** Where an identity provider's public keys come from: a file of ours, or an address of theirs. */
import { codeOf, messageOf, openPlainFile } from '../../base/index.js';
import { keySetLimit } from '../../identity/index.js';
import { ServerError } from '../errors.js';

const patienceMs = 10_000;

/** @throws ServerError `unavailable` @param from an absolute path, or a URL (`isKeyAddress`) */
export async function readKeySet(from: string, signal: AbortSignal): Promise<string> {
  return from.startsWith('/') ? fileText(from) : answerOf(from, signal);
}

/** Over an open network anybody could put keys of their own in; what stays on this machine cannot be changed on its way. */
export function isKeyAddress(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.username !== '' || url.password !== '') return false;
  const { protocol, hostname } = url;
  return protocol === 'https:' || (protocol === 'http:' && /^(127(\.[0-9]{1,3}){3}|\[::1\]|localhost)$/.test(hostname));
}

async function fileText(path: string): Promise<string> {
  try {
    const { file, facts } = await openPlainFile(path);
    try {
      if (facts.size > keySetLimit) throw new Error(`it is larger than ${keySetLimit} bytes`);
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  } catch (error) {
    throw unreadable(path, codeOf(error) ?? messageOf(error), error);
  }
}

async function answerOf(url: string, signal: AbortSignal): Promise<string> {
  try {
    const within = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]);
    // Where a redirect leads is not what was configured.
    const answer = await fetch(url, { redirect: 'error', signal: within, headers: { accept: 'application/json' } });
    if (answer.status !== 200) {
      await answer.body?.cancel();
      throw new Error(`it answers ${answer.status}`);
    }
    const parts: Uint8Array[] = [];
    let length = 0;
    for await (const part of answer.body ?? []) {
      length += part.length;
      if (length > keySetLimit) throw new Error(`it is larger than ${keySetLimit} bytes`);
      parts.push(part);
    }
    return Buffer.concat(parts).toString('utf8');
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    throw unreadable(url, codeOf(cause) ?? messageOf(cause), error);
  }
}

function unreadable(from: string, why: string, cause: unknown): ServerError {
  return new ServerError('unavailable', `the keys at \`${from}\` cannot be read: ${why}`, {
    cause,
    hint: 'check `users.issuers` in tricordon.yaml',
  });
}
