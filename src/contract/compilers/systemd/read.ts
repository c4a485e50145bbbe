import { artefactNamed, artefactProblem } from '../read-artefact.js';
import type { Artefact, Deed, Held } from '../target.js';
import { contains, rangeOf } from '../addresses.js';
import { defaultCalls } from './default-calls.js';
import { settings } from './drop-in.js';
import { isBeneath } from './folders.js';

type Values = ReadonlyMap<string, readonly string[]>;

/** @throws ContractError `contract-artefact` */
export function read(artefacts: readonly Artefact[]): Held {
  const values = valuesOf(artefactNamed(artefacts, '.service.d/50-tricordon.conf'));
  return { allows: (deed) => allows(values, deed), values: numbersOf(values) };
}

function valuesOf({ file, text }: Artefact): Values {
  const values = new Map<string, string[]>();
  let inService = false;
  for (const [index, line] of text.split('\n').entries()) {
    const wrong = (what: string) => artefactProblem(file, index + 1, what);
    if (line === '' || line.startsWith('#')) continue;
    if (line.startsWith('[')) {
      if (line !== '[Service]' || inService) throw wrong(`the section \`${line}\` is not known, or not here`);
      inService = true;
      continue;
    }
    const [, name = '', value = ''] = /^([A-Za-z]+)=(.*)$/.exec(line) ?? [];
    const shape = settings.get(name);
    if (!inService || shape === undefined) throw wrong(`\`${line}\` is no setting that is known here`);
    const before = values.get(name);
    const takesBack = shape.kind === 'opening' && value === '' && before === undefined;
    if (!takesBack && !shape.value.test(value)) throw wrong(`\`${value}\` is no value of \`${name}\`, or not here`);
    if (shape.kind === 'single' && before !== undefined) throw wrong(`\`${name}\` stands here a second time`);
    if (shape.kind === 'opening' && before === undefined && !takesBack)
      throw wrong(`\`${name}\` adds to what the unit says: an empty value comes first`);
    values.set(name, takesBack ? [] : [...(before ?? []), value]);
  }
  return values;
}

function allows(values: Values, deed: Deed): boolean | undefined {
  switch (deed.kind) {
    case 'syscall':
      return syscallAllowed(values, deed.name);
    case 'capability':
      return values.has('CapabilityBoundingSet')
        ? words(values, 'CapabilityBoundingSet').includes(`CAP_${deed.name}`)
        : undefined;
    case 'exec':
      return executable(values, deed.path);
    case 'open':
      return opened(values, deed.path, deed.access);
    case 'connect':
      return addressAllowed(values, deed.address);
    case 'accept': {
      const port = portAllowed(values, deed.port, deed.protocol);
      return port === false ? false : (addressAllowed(values, deed.address) ?? port);
    }
    default:
      return undefined;
  }
}

function words(values: Values, name: string): readonly string[] {
  return (values.get(name) ?? []).flatMap((value) => value.split(' '));
}

function syscallAllowed(values: Values, name: string): boolean | undefined {
  if (!values.has('SystemCallFilter')) return undefined;
  const listed = words(values, 'SystemCallFilter');
  if (listed.length === 0) return true;
  if (listed.includes(`~${name}:ENOSYS`)) return false;
  return listed.includes(name) || defaultCalls.includes(name);
}

/** The deepest path counts; of two at one place, the one that closes. */
function deepest(rules: readonly (readonly [path: string, opens: boolean])[], path: string): boolean | undefined {
  const [found] = rules
    .map(([text, opens]) => [text.replace(/^-/, ''), opens] as const)
    .filter(([folder]) => isBeneath(path, folder))
    .sort((one, other) => other[0].length - one[0].length || Number(one[1]) - Number(other[1]));
  return found?.[1];
}

const rulesOf = (values: Values, name: string, opens: boolean) =>
  (values.get(name) ?? []).map((path) => [path, opens] as const);

function executable(values: Values, path: string): boolean | undefined {
  return deepest([...rulesOf(values, 'ExecPaths', true), ...rulesOf(values, 'NoExecPaths', false)], path);
}

function opened(values: Values, path: string, access: 'read' | 'write'): boolean | undefined {
  if (deepest(rulesOf(values, 'InaccessiblePaths', false), path) === false) return false;
  if (access === 'read' || /^\/(?:dev|proc|sys)(?:\/|$)/.test(path)) return undefined;
  const own = (values.get('TemporaryFileSystem') ?? []).map((text) => {
    const [folder = '', mode] = text.split(':');
    return [folder, mode !== 'ro'] as const;
  });
  return deepest(
    [...rulesOf(values, 'ReadWritePaths', true), ...rulesOf(values, 'ReadOnlyPaths', false), ...own],
    path,
  );
}

/** Allowed before denied, as systemd asks; of what neither names nothing is said. */
function addressAllowed(values: Values, address: string): boolean | undefined {
  const range = rangeOf(address);
  const within = (name: string) =>
    (values.get(name) ?? []).some((text) => {
      const outer = text === 'any' ? undefined : rangeOf(text);
      return text === 'any' || (outer !== undefined && range !== undefined && contains(outer, range));
    });
  if (within('IPAddressAllow')) return true;
  return within('IPAddressDeny') ? false : undefined;
}

function portAllowed(values: Values, port: number, protocol: string): boolean | undefined {
  if (!values.has('SocketBindDeny')) return undefined;
  return (values.get('SocketBindAllow') ?? []).some((text) => {
    const [of, ports = ''] = text.split(':');
    const [first, last = first] = ports.split('-').map(Number);
    return of === protocol && first !== undefined && last !== undefined && first <= port && port <= last;
  });
}

function numbersOf(values: Values): Held['values'] {
  const first = (name: string) => values.get(name)?.[0];
  const number = (name: string) => (first(name) === undefined ? undefined : Number(first(name)));
  const quota = first('CPUQuota');
  const all = {
    'runtime.user.uid': number('User'),
    'runtime.user.gid': number('Group'),
    'runtime.rootfs': first('ProtectSystem') === undefined ? undefined : 'readonly',
    'runtime.privilegeEscalation': first('NoNewPrivileges') === undefined ? undefined : false,
    'runtime.resources.cpu': quota === undefined ? undefined : Number(quota.slice(0, -1)) / 100,
    'runtime.resources.memory': number('MemoryMax'),
    'runtime.resources.pids': number('TasksMax'),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Held['values'];
}
