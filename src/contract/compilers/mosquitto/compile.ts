import { linesOf } from '../parts.js';
import type { CompiledTarget, TargetInput } from '../target.js';
import { directions, sayHeld, topicPlan } from '../topics.js';
import { asFilter, overlap } from './filter.js';

const verbs = { publish: 'write', subscribe: 'read' } as const;

/**
 * For `acl_file` with `use_identity_as_username true`: the user is the common name of the client's certificate. A `deny` of
 * Mosquitto (2.0) forbids both directions and comes before what is allowed.
 */
export function compile(input: TargetInput): CompiledTarget {
  const { contract, version, digest } = input;
  const lines = linesOf('mosquitto');
  const plan = topicPlan(input, lines);
  if (plan === undefined) return { artefacts: [], diagnostics: lines.all };
  const unwritable = 'a word of it has a character that means something else here';
  const identity = 'a broker of this kind knows the common name of a certificate, not the SPIFFE ID';
  const known = 'certificates for this broker from an authority of its own';
  const rules = directions.flatMap((direction) =>
    (plan.allowed[direction] ?? []).flatMap((rule) => {
      const filter = asFilter(rule.topic);
      if (filter !== undefined) return [{ direction, rule, filter }];
      lines.impossible(rule.part, unwritable, 'another name');
      return [];
    }),
  );
  const open = directions.filter((direction) => plan.allowed[direction] === undefined);
  const written = new Set<string>([
    ...open.map((direction) => `topic ${verbs[direction]} #`),
    ...rules.map(({ direction, filter }) => `topic ${verbs[direction]} ${filter}`),
  ]);
  const forbidden = new Set<string>();
  for (const { rule } of rules) {
    if (rule.group !== undefined)
      lines.looser(rule.part, `alone as well, not only in the group \`${rule.group}\`; and ${identity}`, known);
    else if (rule.tells || rule.broker !== undefined) sayHeld(lines, rule, '');
    else lines.looser(rule.part, identity, known);
  }
  for (const direction of directions) {
    const otherOpen = open.some((one) => one !== direction);
    const others = rules.filter((one) => one.direction !== direction);
    for (const { topic, part } of plan.denied[direction]) {
      const filter = asFilter(topic);
      if (filter === undefined) lines.impossible(part, unwritable, 'another name');
      else if (otherOpen || others.some((one) => overlap(one.filter, filter)))
        lines.impossible(
          part,
          'a deny forbids both directions here, and the other one is allowed',
          'topics for one direction',
        );
      else {
        forbidden.add(`topic deny ${filter}`);
        lines.looser(part, identity, known);
      }
    }
  }
  const about = `${contract.service}${version === null ? '' : ` version ${version}`} ${digest}`;
  const text = [
    `# Contract of ${about}. Made by \`tricordon contract compile\`.`,
    '# The broker takes the common name of certificates for users: use_identity_as_username true. Files of services can stand one after another.',
    `user ${contract.service}`,
    ...forbidden,
    ...written,
    '',
  ].join('\n');
  return { artefacts: [{ file: `${contract.service}.mosquitto.acl`, text }], diagnostics: lines.all };
}
