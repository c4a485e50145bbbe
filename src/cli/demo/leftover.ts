/** Whether a demo that was killed left something behind. Cheap: asked before every command. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { processFacts } from '../../base/index.js';

/** False while the demo's own process lives, when it was told to stay (`--keep`), or when this command is about it. */
export function isLeftBehind(base: string, argv: readonly string[]): boolean {
  if (!existsSync(base) || existsSync(join(base, 'keep'))) return false;
  if (argv.some((word) => word.includes(base)) || argv[2] === 'demo') return false;
  try {
    const [pid, start] = readFileSync(join(base, 'pid'), 'utf8').split(' ').map(Number);
    return pid === undefined || processFacts(pid)?.start !== start;
  } catch {
    return true;
  }
}
