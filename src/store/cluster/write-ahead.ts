/** How much of the disk PostgreSQL's own log may take between two checkpoints. */

/** Its files have 16 MB; of fewer than four it would write checkpoints without end. */
const least = 64;
const most = 512;

/** An eighth of the disk, within these bounds. */
export function writeAheadSettings(totalBytes: number): { max_wal_size: string; min_wal_size: string } {
  const megabytes = Math.min(most, Math.max(least, Math.floor(totalBytes / 8 / 1_048_576)));
  return { max_wal_size: `${megabytes}MB`, min_wal_size: `${Math.min(80, Math.floor(megabytes / 2))}MB` };
}
