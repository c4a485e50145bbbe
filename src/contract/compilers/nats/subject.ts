/** Subjects and queue groups that can be written between quotes as they stand. */
import type { TopicRule } from '../topics.js';

const word = '[A-Za-z0-9_$:@=+~/-]+';
export const plainSubject = new RegExp(`^(?:(?:${word}|\\*)\\.)*(?:${word}|\\*|>)$`);
export const plainGroup = /^[A-Za-z0-9_-]+$/;

/** With a group, it is allowed as a member of that queue group alone. */
export function entryOf({ topic, group }: Pick<TopicRule, 'topic' | 'group'>): string {
  return group === undefined ? topic : `${topic} ${group}`;
}
