/** Topics of messages as NATS writes them: words with dots between; `*` is one word, `>` last is one or more. */

export function topicMatcher(pattern: string): (topic: string) => boolean {
  if (!/(^|\.)[*>](\.|$)/.test(pattern)) return (topic) => topic === pattern;
  const wanted = pattern.split('.');
  return (topic) => {
    const words = topic.split('.');
    if (words.includes('')) return false;
    for (const [index, want] of wanted.entries()) {
      if (want === '>' && index === wanted.length - 1) return words.length > index;
      const word = words[index];
      if (word === undefined || (want !== '*' && want !== word)) return false;
    }
    return words.length === wanted.length;
  };
}

/** What is wrong with a pattern, in one clause. */
export function topicProblem(pattern: string): string | undefined {
  const words = pattern.split('.');
  if (words.length > 64) return 'has more than 64 words';
  for (const [index, word] of words.entries()) {
    if (word === '>' && index !== words.length - 1) return 'has `>` before its last word';
    if (word.length > 1 && /[*>]/.test(word)) return `has the word \`${word}\`: \`*\` and \`>\` stand alone`;
  }
  return undefined;
}

/** How many words a topic shares with a pattern from the left. */
export function topicPrefix(pattern: string, topic: string): number {
  const words = topic.split('.');
  const wanted = pattern.split('.');
  const at = wanted.findIndex((want, index) => want !== '*' && want !== words[index]);
  return at < 0 ? wanted.length : at;
}
