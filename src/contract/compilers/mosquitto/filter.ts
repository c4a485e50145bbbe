/** Topics of a contract as topic filters of MQTT (3.1.1, section 4.7): `.` is `/`, `*` is `+`, `>` is `+/#`. */

/** `#` alone would take in what is above it. undefined: a word would be read as something else. */
export function asFilter(topic: string): string | undefined {
  const words = topic.split('.');
  if (words.some((word) => !/^(?:[A-Za-z0-9_:@=~%-]+|\*|>)$/.test(word))) return undefined;
  return words.map((word) => (word === '*' ? '+' : word === '>' ? '+/#' : word)).join('/');
}

/** Whether there is a topic that both take in. */
export function overlap(one: string, other: string): boolean {
  const [left, right] = [one.split('/'), other.split('/')];
  for (let index = 0; ; index += 1) {
    const [a, b] = [left[index], right[index]];
    if (a === '#' || b === '#') return true;
    if (a === undefined || b === undefined) return a === b;
    if (a !== '+' && b !== '+' && a !== b) return false;
  }
}
