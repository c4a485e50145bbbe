/** What a contract says in single values: who it runs as, what it may do to the kernel, how much it may use. */
import type { Contract } from '../../model/index.js';
import { canonicalJson } from '../digest.js';
import { bytesOf } from '../resolve.js';

export interface ValueChange {
  readonly service: string;
  /** Where it stands: `runtime.capabilities`. */
  readonly name: string;
  /** `looser`: more is allowed than before. `other`: neither more nor less, or not to be compared. */
  readonly change: 'looser' | 'stricter' | 'other';
  readonly from: string;
  readonly to: string;
}

type Runtime = NonNullable<Contract['runtime']>;
type Compared = readonly [name: string, change: ValueChange['change'] | 'same', from: string, to: string];

/** Both stand by themselves (`resolveContract`). A value that is not said is not held. */
export function comparedValues(service: string, old: Contract, next: Contract): readonly ValueChange[] {
  const [a, b]: readonly [Runtime, Runtime] = [old.runtime ?? {}, next.runtime ?? {}];
  const rows: readonly Compared[] = [
    plain('runtime.user', a.user, b.user),
    strictest('runtime.rootfs', a.rootfs, b.rootfs, 'readonly'),
    strictest('runtime.privilegeEscalation', a.privilegeEscalation, b.privilegeEscalation, false),
    names('runtime.capabilities', a.capabilities, b.capabilities),
    plain('runtime.syscalls.base', a.syscalls?.base, b.syscalls?.base),
    names('runtime.syscalls.add', a.syscalls?.add ?? [], b.syscalls?.add ?? []),
    backwards(names('runtime.syscalls.remove', a.syscalls?.remove ?? [], b.syscalls?.remove ?? [])),
    names('runtime.mounts', a.mounts?.map(mountText), b.mounts?.map(mountText)),
    limit('runtime.resources.cpu', a.resources?.cpu, b.resources?.cpu),
    limit('runtime.resources.memory', bytesOf(a.resources?.memory), bytesOf(b.resources?.memory)),
    limit('runtime.resources.pids', a.resources?.pids, b.resources?.pids),
    limit('runtime.resources.io.read', bytesOf(a.resources?.io?.read), bytesOf(b.resources?.io?.read)),
    limit('runtime.resources.io.write', bytesOf(a.resources?.io?.write), bytesOf(b.resources?.io?.write)),
    plain('require', old.require, next.require),
  ];
  return rows.flatMap(([name, change, from, to]) => (change === 'same' ? [] : [{ service, name, change, from, to }]));
}

const nothing = 'not held';

function shown(value: unknown): string {
  if (value === undefined) return nothing;
  return typeof value === 'object' ? canonicalJson(value) : String(value);
}

function plain(name: string, from: unknown, to: unknown): Compared {
  const [one, other] = [shown(from), shown(to)];
  if (one === other) return [name, 'same', one, other];
  return [name, from === undefined ? 'stricter' : to === undefined ? 'looser' : 'other', one, other];
}

function strictest(name: string, from: unknown, to: unknown, strict: unknown): Compared {
  const [one, other] = [shown(from), shown(to)];
  if ((from === strict) === (to === strict)) return [name, 'same', one, other];
  return [name, to === strict ? 'stricter' : 'looser', one, other];
}

function names(name: string, from: readonly string[] | undefined, to: readonly string[] | undefined): Compared {
  const [one, other] = [from, to].map((list) => (list === undefined ? nothing : list.toSorted().join(', ') || 'none'));
  const row = (change: Compared[1]): Compared => [name, change, one ?? '', other ?? ''];
  if (from === undefined || to === undefined)
    return row(from === to ? 'same' : from === undefined ? 'stricter' : 'looser');
  const more = to.some((each) => !from.includes(each));
  const less = from.some((each) => !to.includes(each));
  if (more && less) return row('other');
  return row(more ? 'looser' : less ? 'stricter' : 'same');
}

function backwards([name, change, from, to]: Compared): Compared {
  return [name, change === 'looser' ? 'stricter' : change === 'stricter' ? 'looser' : change, from, to];
}

function limit(name: string, from: number | undefined, to: number | undefined): Compared {
  const change = (to ?? Number.POSITIVE_INFINITY) - (from ?? Number.POSITIVE_INFINITY);
  const row = (how: Compared[1]): Compared => [name, how, shown(from), shown(to)];
  return Number.isNaN(change) || change === 0 ? row('same') : row(change > 0 ? 'looser' : 'stricter');
}

function mountText({ path, source, access }: NonNullable<Runtime['mounts']>[number]): string {
  return `${path} from ${source} (${access})`;
}
