import { artefactNamed, artefactProblem } from '../read-artefact.js';
import type { Artefact, Deed, Held } from '../target.js';

const rule = /^topic (read|write|deny) ((?:[A-Za-z0-9_:@=~%-]+|\+)(?:\/(?:[A-Za-z0-9_:@=~%-]+|\+))*(?:\/#)?|#)$/;

/** @throws ContractError `contract-artefact` */
export function read(artefacts: readonly Artefact[]): Held {
  const { file, text } = artefactNamed(artefacts, '.mosquitto.acl');
  const lines = text.split('\n');
  const wrong = (line: number, what: string) => artefactProblem(file, line + 1, what);
  if (!/^# Contract of /.test(lines[0] ?? '') || !/^# The broker takes/.test(lines[1] ?? ''))
    throw wrong(0, 'is not how such a file begins');
  if (!/^user [a-z0-9-]+$/.test(lines[2] ?? '')) throw wrong(2, 'names no user');
  if (lines.at(-1) !== '') throw wrong(lines.length - 1, 'does not end its last line');
  const rules = lines.slice(3, -1).map((line, index) => {
    const [, verb = '', filter = ''] = rule.exec(line) ?? [];
    if (verb === '') throw wrong(index + 3, 'is no rule of ours');
    return { verb, filter };
  });
  return {
    allows: (deed: Deed) => {
      if (deed.kind !== 'publish' && deed.kind !== 'subscribe') return undefined;
      const topic = deed.topic.replaceAll('.', '/');
      const verb = deed.kind === 'publish' ? 'write' : 'read';
      const meant = rules.filter(({ filter }) => matches(filter.split('/'), topic.split('/')));
      return meant.every((one) => one.verb !== 'deny') && meant.some((one) => one.verb === verb);
    },
    values: {},
  };
}

/** MQTT 3.1.1, section 4.7.1: `+` is one level, `#` the parent and every number of levels below. */
function matches(filter: readonly string[], topic: readonly string[]): boolean {
  const [want, ...rest] = filter;
  if (want === '#') return true;
  const [level, ...deeper] = topic;
  if (want === undefined || level === undefined) return want === undefined && level === undefined;
  if (want !== '+' && want !== level) return false;
  return deeper.length === 0 && rest.length === 1 && rest[0] === '#' ? true : matches(rest, deeper);
}
