/** Splits a byte stream into lines of bounded length; what is longer is dropped whole and reported once. */
export function lineSplitter(limit: number, onLine: (line: string) => void, onOversized: (bytes: number) => void) {
  let kept: Buffer[] = [];
  let size = 0;
  let dropping = false;
  return (chunk: Buffer): void => {
    let from = 0;
    while (from < chunk.length) {
      const newline = chunk.indexOf(10, from);
      const end = newline < 0 ? chunk.length : newline;
      size += end - from;
      if (size > limit) {
        dropping = true;
        kept = [];
      } else if (!dropping) {
        kept.push(chunk.subarray(from, end));
      }
      if (newline < 0) return;
      if (dropping) onOversized(size);
      else onLine(Buffer.concat(kept).toString('utf8'));
      kept = [];
      size = 0;
      dropping = false;
      from = newline + 1;
    }
  };
}
