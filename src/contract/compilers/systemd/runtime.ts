/** The runtime layer as sandboxing of a unit. */
import type { Contract } from '../../../model/index.js';
import { bytesOf } from '../../resolve.js';
import { listedSyscalls } from '../../syscalls/effective.js';
import { type Part, partsOf, refuses } from '../parts.js';
import type { Diagnostic } from '../target.js';
import { defaultCalls } from './default-calls.js';
import { planPaths } from './paths.js';
import { addEach, type Plan, set, setList } from './plan.js';

const agent = 'our agent, which holds programs and files of a service with the kernel';
type Runtime = NonNullable<Contract['runtime']>;

export function planRuntime(plan: Plan): void {
  const { contract } = plan.input;
  const runtime = contract.runtime ?? {};
  planSyscalls(plan, runtime, contract.mode.runtime);
  if (!refuses(plan.lines, contract, 'runtime', agent)) return;
  for (const part of partsOf(contract, 'runtime').filter(({ clause }) => clause === null))
    planValue(plan, runtime, part);
  planPaths(plan);
}

function planSyscalls(plan: Plan, { syscalls }: Runtime, mode: string): void {
  if (syscalls === undefined || mode === 'off') return;
  const listed = listedSyscalls(syscalls);
  // An empty list would take the filter away; this one is let pass in any case.
  const names = (listed.length === 0 ? ['exit_group'] : listed).join(' ');
  if (mode !== 'enforce') {
    setList(plan, 'SystemCallLog', [`~${names}`]);
    return;
  }
  set(plan, 'SystemCallArchitectures', 'native');
  setList(plan, 'SystemCallFilter', listed.includes('clone3') ? [names] : [names, '~clone3:ENOSYS']);
  set(plan, 'SystemCallErrorNumber', 'EPERM');
}

/** Lists of clauses that are empty are in `paths.ts`, beside those that are not. */
function planValue(plan: Plan, runtime: Runtime, part: Part): Diagnostic | undefined {
  const { lines } = plan;
  const { resources } = runtime;
  switch (part.section) {
    case 'runtime.user':
      set(plan, 'User', String(runtime.user?.uid));
      if (runtime.user?.gid !== undefined) set(plan, 'Group', String(runtime.user.gid));
      return lines.exact(part, 'the unit runs as this user');
    case 'runtime.rootfs':
      return lines.exact(
        part,
        runtime.rootfs === 'readonly' ? 'all file systems are read-only' : 'nothing is forbidden',
      );
    case 'runtime.privilegeEscalation':
      if (runtime.privilegeEscalation === false) set(plan, 'NoNewPrivileges', 'yes');
      return lines.exact(part, 'no-new-privileges');
    case 'runtime.capabilities': {
      const names = [...new Set(runtime.capabilities)].sort().map((name) => `CAP_${name}`);
      const value = names.length === 0 ? [] : [names.join(' ')];
      setList(plan, 'CapabilityBoundingSet', value);
      setList(plan, 'AmbientCapabilities', value);
      return lines.exact(part, 'these and no others');
    }
    case 'runtime.syscalls': {
      const listed = new Set(listedSyscalls(runtime.syscalls ?? {}));
      const more = defaultCalls.filter((name) => !listed.has(name));
      if (more.length === 0) return lines.exact(part, 'what is not listed fails with EPERM, `clone3` with ENOSYS');
      return lines.looser(part, `systemd always lets pass ${more.join(', ')}`, 'a seccomp profile');
    }
    case 'runtime.resources.cpu':
      return planCpu(plan, part, resources?.cpu ?? 0);
    case 'runtime.resources.memory':
      set(plan, 'MemoryMax', String(bytesOf(resources?.memory)));
      set(plan, 'MemorySwapMax', '0');
      return lines.exact(part, 'a limit of the cgroup, without swap');
    case 'runtime.resources.pids':
      set(plan, 'TasksMax', String(resources?.pids));
      return lines.exact(part, 'a limit of the cgroup');
    case 'runtime.resources.io':
      for (const [name, amount] of [
        ['IOReadBandwidthMax', resources?.io?.read],
        ['IOWriteBandwidthMax', resources?.io?.write],
      ] as const)
        if (amount !== undefined) addEach(plan, name, [`/ ${bytesOf(amount)}`]);
      return lines.looser(part, 'the limit is on the device of `/` alone', 'the same line for every other device');
    default:
      return undefined;
  }
}

/** systemd counts in steps of 0.01 percent. */
function planCpu(plan: Plan, part: Part, cpu: number): Diagnostic {
  const steps = Math.floor(cpu * 10_000);
  if (steps === 0) return plan.lines.impossible(part, 'systemd limits to 0.01 % of a processor at the least', 'none');
  set(plan, 'CPUQuota', `${steps / 100}%`);
  return plan.lines.exact(part, 'a quota of the cgroup, in steps of 0.01 %');
}
