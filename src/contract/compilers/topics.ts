/** What a contract says of messages, as brokers hold it: topics that are allowed and forbidden, by direction. */
import type { Contract } from '../../model/index.js';
import { type Lines, type Part, partsOf, refuses, standing } from './parts.js';
import type { TargetInput } from './target.js';

export type Direction = 'publish' | 'subscribe';

export interface TopicRule {
  readonly id: string;
  readonly topic: string;
  readonly group?: string | undefined;
  readonly part: Part;
  /** It names a broker; files do not know which one reads them. */
  readonly broker: string | undefined;
  /** Passes, and should be told of: here nobody does. */
  readonly tells: boolean;
}

export interface TopicPlan {
  /** undefined: not managed, everything passes. */
  readonly allowed: Readonly<Record<Direction, readonly TopicRule[] | undefined>>;
  readonly denied: Readonly<Record<Direction, readonly TopicRule[]>>;
}

export const directions: readonly Direction[] = ['publish', 'subscribe'];
const dataPlane = 'our data plane';

/**
 * undefined: nothing is to be held there, and every part has got its line. Else the rest of the layer has, and clauses that
 * ended; the rules that are left wait for theirs.
 */
export function topicPlan({ contract, at }: TargetInput, lines: Lines): TopicPlan | undefined {
  if (!refuses(lines, contract, 'api', dataPlane)) return undefined;
  for (const part of partsOf(contract, 'api')) {
    if (part.clause === null && part.section.startsWith('api.messages')) lines.exact(part, 'nothing is allowed');
    else if (!isAboutMessages(contract, part))
      lines.impossible(part, 'a broker sees messages, not requests to a service', dataPlane);
  }
  const { publish, subscribe } = contract.api?.messages ?? {};
  const rules = (direction: Direction, clauses: typeof subscribe) =>
    clauses?.flatMap((clause): TopicRule[] => {
      const part = { clause: clause.id, section: `api.messages.${direction}` };
      const stands = standing(clause, at, false);
      if (stands === 'ended') {
        lines.exact(part, `ended at ${clause.until}, and is left out`);
        return [];
      }
      const { id, topic, group, broker } = clause;
      return [{ id, topic, group, part, broker, tells: stands === 'tells only' }];
    });
  const denied = (direction: Direction) =>
    (contract.deny ?? []).flatMap((clause): TopicRule[] => {
      const topic = clause.layer === 'api' ? clause[direction] : undefined;
      if (topic === undefined) return [];
      const part = { clause: clause.id, section: 'deny' };
      if (standing(clause, at, true) !== 'tells only')
        return [{ id: clause.id, topic, part, broker: undefined, tells: false }];
      lines.looser(part, `tells only until ${clause.until}; a broker tells nothing`, dataPlane);
      return [];
    });
  const plan: TopicPlan = {
    allowed: { publish: rules('publish', publish), subscribe: rules('subscribe', subscribe) },
    denied: { publish: denied('publish'), subscribe: denied('subscribe') },
  };
  const says =
    publish !== undefined || subscribe !== undefined || directions.some((one) => plan.denied[one].length > 0);
  return says ? plan : undefined;
}

function isAboutMessages(contract: Contract, { section, clause }: Part): boolean {
  if (section.startsWith('api.messages')) return true;
  const deny = section === 'deny' ? contract.deny?.find(({ id }) => id === clause) : undefined;
  return deny?.layer === 'api' && (deny.publish !== undefined || deny.subscribe !== undefined);
}

/** The line of a rule that is written as it stands. */
export function sayHeld(lines: Lines, rule: TopicRule, how: string): void {
  if (rule.tells) lines.looser(rule.part, 'it passes, and should be told of: a broker tells nothing', dataPlane);
  else if (rule.broker !== undefined)
    lines.looser(
      rule.part,
      `it holds at every broker that reads this file, not at \`${rule.broker}\` alone`,
      'give the file to that broker alone',
    );
  else lines.exact(rule.part, how);
}
