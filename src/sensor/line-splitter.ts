/** Cuts a byte stream into lines; one that is longer than the limit is dropped and counted, never kept growing. */
export class LineSplitter {
  private readonly take: (line: string) => void;
  private readonly limit: number;
  private parts: Buffer[] = [];
  private size = 0;
  private skipping = false;
  /** Lines dropped for their length. */
  dropped = 0;

  constructor(take: (line: string) => void, limit = 65_536) {
    this.take = take;
    this.limit = limit;
  }

  push(chunk: Buffer): void {
    let from = 0;
    for (;;) {
      const end = chunk.indexOf(10, from);
      if (end < 0) break;
      this.keep(chunk.subarray(from, end));
      this.finish();
      from = end + 1;
    }
    // A copy: whoever reads a file uses its buffer again.
    this.keep(Buffer.from(chunk.subarray(from)));
  }

  private keep(part: Buffer): void {
    if (part.length === 0 || this.skipping) return;
    this.size += part.length;
    if (this.size > this.limit) {
      this.skipping = true;
      this.parts = [];
      return;
    }
    this.parts.push(part);
  }

  private finish(): void {
    if (this.skipping) this.dropped += 1;
    else this.take(Buffer.concat(this.parts).toString('utf8'));
    this.parts = [];
    this.size = 0;
    this.skipping = false;
  }
}
