import { expect, test } from 'vitest';
import { maxStories, Stories } from './stories.js';
import { Story } from './story.js';

function full(idOf: (index: number) => string | undefined) {
  const stories = new Stories({ threshold: 8, windowMs: 1_000 });
  const all = Array.from({ length: maxStories }, (_, index) => {
    const story = new Story();
    story.id = idOf(index);
    return stories.keep(story);
  });
  return { stories, all };
}

test('at the limit the oldest that never became an incident goes', () => {
  const { stories, all } = full((index) => (index === 7 || index === 9 ? undefined : `INC-${index}`));
  const late = stories.keep(new Story());
  expect(stories.size).toBe(maxStories);
  expect([7, 9].map((index) => stories.has(all[index] ?? late))).toEqual([false, true]);
  expect(stories.has(late)).toBe(true);
});

test('at the limit the oldest goes when all are incidents, and not the new one', () => {
  const { stories, all } = full((index) => `INC-${index}`);
  const late = stories.keep(new Story());
  expect(stories.size).toBe(maxStories);
  expect(stories.has(all[0] ?? late)).toBe(false);
  expect(stories.has(late)).toBe(true);
});
