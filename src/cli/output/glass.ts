import { printable } from '../../base/index.js';
import type { GlassOpening } from '../../model/index.js';

/** One opening, in two lines. */
export function openingLine({ id, services, layers, host, until, by, reason, closed }: GlassOpening): string {
  const where = `${services?.join(', ') ?? 'all services'} (${layers.join(', ')})${host === null ? '' : ` on ${host}`}`;
  const end =
    closed === null
      ? `open until ${new Date(until).toISOString()}`
      : `closed ${new Date(closed.at).toISOString()} by ${printable(closed.by, 100)}`;
  return `${id}  ${where}: ${end}\n    ${printable(by, 200)}: ${printable(reason, 500)}`;
}
