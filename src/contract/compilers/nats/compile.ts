import { serviceId } from '../../../model/index.js';
import { linesOf } from '../parts.js';
import type { CompiledTarget, TargetInput } from '../target.js';
import { type Direction, directions, sayHeld, topicPlan, type TopicPlan, type TopicRule } from '../topics.js';
import { entryOf, plainGroup, plainSubject } from './subject.js';

/** Where none is given, that of a house that was set up without one. */
const usualTrustDomain = 'tricordon.local';

/** For `nats-server` with `tls { verify_and_map: true }`: the user is the SPIFFE ID of the client's certificate. */
export function compile(input: TargetInput): CompiledTarget {
  const { contract, version, digest, place } = input;
  const lines = linesOf('nats');
  const plan = topicPlan(input, lines);
  if (plan === undefined) return { artefacts: [], diagnostics: lines.all };
  const written = (rules: readonly TopicRule[], how: string) =>
    rules.filter((rule) => {
      const { topic, group, part } = rule;
      if (plainSubject.test(topic) && (group === undefined || plainGroup.test(group))) {
        sayHeld(lines, rule, how);
        return true;
      }
      lines.impossible(part, 'it has characters that a configuration may read as something else', 'another name');
      return false;
    });
  const permissions = directions.flatMap((direction) => permissionLine(direction, plan, written));
  const user = serviceId(place.trustDomain ?? usualTrustDomain, contract.service);
  const about = `${contract.service}${version === null ? '' : ` version ${version}`} ${digest}`;
  const text = [
    `# Contract of ${about}. Made by \`tricordon contract compile\`.`,
    '# The server maps certificates to users: tls { verify_and_map: true }. What it does not list is refused.',
    'authorization {',
    '  users = [',
    '    {',
    `      user = "${user}"`,
    '      permissions = {',
    ...permissions.map((line) => `        ${line}`),
    '      }',
    '    }',
    '  ]',
    '}',
    '',
  ].join('\n');
  return { artefacts: [{ file: `${contract.service}.nats.conf`, text }], diagnostics: lines.all };
}

/** A direction that is not managed gets no line, unless something is forbidden there. An empty list of NATS allows everything. */
function permissionLine(
  direction: Direction,
  { allowed, denied }: TopicPlan,
  written: (rules: readonly TopicRule[], how: string) => readonly TopicRule[],
): readonly string[] {
  const list = (rules: readonly TopicRule[]) => JSON.stringify([...new Set(rules.map(entryOf))]);
  const refused = written(denied[direction], 'forbidden, whatever else is allowed');
  const rules = allowed[direction];
  if (rules === undefined) return refused.length === 0 ? [] : [`${direction} = { deny = ${list(refused)} }`];
  const passing = written(rules, `may ${direction}`);
  if (passing.length === 0) return [`${direction} = { deny = [">"] }`];
  const denies = refused.length === 0 ? '' : `, deny = ${list(refused)}`;
  return [`${direction} = { allow = ${list(passing)}${denies} }`];
}
