/** Which version of the protocol an agent speaks: the one of before is understood too, an older or unknown one is refused. */
import { agentProtocol, type ProtocolSpan, protocolSpan } from '../../model/index.js';
import type { AgentVersion } from '../api/coverage.js';
import { ServerError } from '../errors.js';

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** @param note hears the number also when it is refused. @throws ServerError `version-apart` */
export function spokenBy(headers: Headers, served: ProtocolSpan, note?: (number: number) => void): number {
  const said = headers[agentProtocol.header];
  const number = Array.isArray(said) ? undefined : protocolSpan(said)?.newest;
  if (number === undefined) throw new ServerError('invalid', `the header \`${agentProtocol.header}\` holds no number`);
  note?.(number);
  if (number < served.oldest)
    throw new ServerError('version-apart', `this agent speaks protocol ${number}, the control plane ${shown(served)}`, {
      hint: 'upgrade tricordon on this host: the control plane is more than one version ahead of it',
    });
  if (number > served.newest)
    throw new ServerError('version-apart', `this agent speaks protocol ${number}, the control plane ${shown(served)}`, {
      hint: 'upgrade the control plane first, then its hosts',
    });
  return number;
}

/** @param number what the agent said last; undefined: nothing since our start */
export function agentVersion(number: number | undefined, served: ProtocolSpan): AgentVersion {
  if (number === undefined) return 'unknown';
  if (number < served.oldest || number > served.newest) return 'apart';
  return number < served.newest ? 'behind' : 'current';
}

export function shown({ oldest, newest }: ProtocolSpan): string {
  return oldest === newest ? String(newest) : `${oldest}-${newest}`;
}
