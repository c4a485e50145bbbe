// Bytes that a decision allocates, from the growth of the heap. Needs `--expose-gc` and a young generation that is not
// collected meanwhile (`--min-semi-space-size`).

/**
 * The growth of the heap over `count` calls, for each of them. Half as many are tried where the collector ran in between,
 * which shows in a heap that did not grow at every tenth.
 */
export function bytesPerDecision(count, decide) {
  if (globalThis.gc === undefined) throw new Error('allocation is measured with --expose-gc');
  for (let left = count; left >= 100; left = Math.floor(left / 2)) {
    globalThis.gc();
    const before = process.memoryUsage().heapUsed;
    let last = before;
    let collected = false;
    for (let part = 0; part < 10; part += 1) {
      for (let index = 0; index < Math.floor(left / 10); index += 1) decide();
      const now = process.memoryUsage().heapUsed;
      if (now < last) collected = true;
      last = now;
    }
    if (!collected) return (last - before) / (Math.floor(left / 10) * 10);
  }
  throw new Error('the collector ran in every measurement of the allocation');
}
