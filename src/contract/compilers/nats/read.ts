import { artefactNamed, artefactProblem } from '../read-artefact.js';
import type { Artefact, Deed, Held } from '../target.js';
import { plainGroup, plainSubject } from './subject.js';

interface Permission {
  readonly allow: readonly string[] | undefined;
  readonly deny: readonly string[];
}

const opening = ['authorization {', '  users = [', '    {'];
const closing = ['      }', '    }', '  ]', '}', ''];
const permission = /^ {8}(publish|subscribe) = \{ (?:allow = (\[.*?\]))?(?:, )?(?:deny = (\[.*\]))? \}$/;

/** @throws ContractError `contract-artefact` */
export function read(artefacts: readonly Artefact[]): Held {
  const { file, text } = artefactNamed(artefacts, '.nats.conf');
  const lines = text.split('\n');
  const wrong = (line: number, what: string) => artefactProblem(file, line + 1, what);
  let at = 0;
  const expect = (wanted: string | RegExp): string => {
    const line = lines[at] ?? '';
    if (typeof wanted === 'string' ? line !== wanted : !wanted.test(line))
      throw wrong(at, 'is not how such a file goes on');
    at += 1;
    return line;
  };
  expect(/^# Contract of /);
  expect(/^# The server maps/);
  for (const line of opening) expect(line);
  expect(/^ {6}user = "spiffe:\/\/[a-z0-9._-]+\/service\/[a-z0-9-]+"$/);
  expect('      permissions = {');
  const permissions = new Map<string, Permission>();
  for (let found = permission.exec(lines[at] ?? ''); found !== null; found = permission.exec(lines[at] ?? '')) {
    const [, direction = '', allow, deny] = found;
    if (permissions.has(direction)) throw wrong(at, `says twice who may ${direction}`);
    const list = (json: string) => entries(json) ?? fail(wrong(at, 'has a list that is none'));
    permissions.set(direction, {
      allow: allow === undefined ? undefined : list(allow),
      deny: deny === undefined ? [] : list(deny),
    });
    at += 1;
  }
  for (const line of closing) expect(line);
  if (at !== lines.length) throw wrong(at, 'goes on after its end');
  return {
    allows: (deed: Deed) => {
      if (deed.kind !== 'publish' && deed.kind !== 'subscribe') return undefined;
      const found = permissions.get(deed.kind);
      if (found === undefined) return true;
      if (found.deny.some((entry) => matches(entry, deed.topic))) return false;
      return found.allow === undefined || found.allow.some((entry) => matches(entry, deed.topic));
    },
    values: {},
  };
}

/** A list that NATS would take for no list at all is none of ours. */
function entries(json: string): readonly string[] | undefined {
  try {
    const list: unknown = JSON.parse(json);
    const good = (entry: unknown): entry is string => {
      const [subject = '', group, more] = typeof entry === 'string' ? entry.split(' ') : [];
      return plainSubject.test(subject) && (group === undefined || plainGroup.test(group)) && more === undefined;
    };
    return Array.isArray(list) && list.length > 0 && list.every(good) ? list : undefined;
  } catch {
    return undefined;
  }
}

function fail(error: Error): never {
  throw error;
}

/** As NATS matches a subject: `*` one token, `>` one or more at the end. */
function matches(entry: string, topic: string): boolean {
  const wanted = (entry.split(' ')[0] ?? '').split('.');
  const tokens = topic.split('.');
  for (let index = 0; ; index += 1) {
    const [want, token] = [wanted[index], tokens[index]];
    if (want === '>') return token !== undefined;
    if (want === undefined || token === undefined) return want === token;
    if (want !== '*' && want !== token) return false;
  }
}
