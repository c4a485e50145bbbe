/**
 * The system call filter of every workload, as a classic BPF program (seccomp(2), linux/filter.h): all is allowed but
 * what tampers with other processes, mounts, namespaces and the kernel. A list of refusals, not of permissions: the
 * command is unchanged and unknown here.
 */

export type FilterArch = 'x64' | 'arm64';

/** Refused with EPERM. Numbers of the x86-64 table, and of the generic table that arm64 uses; null: no such call. */
export const refusedCalls: Readonly<Record<string, readonly [x64: number, arm64: number | null]>> = {
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  process_madvise: [440, 440],
  pidfd_getfd: [438, 438],
  kcmp: [312, 272],
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  chroot: [161, 51],
  open_tree: [428, 428],
  move_mount: [429, 429],
  fsopen: [430, 430],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fspick: [433, 433],
  mount_setattr: [442, 442],
  setns: [308, 268],
  unshare: [272, 97],
  bpf: [321, 280],
  perf_event_open: [298, 241],
  userfaultfd: [323, 282],
  io_uring_setup: [425, 425],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
  add_key: [248, 217],
  request_key: [249, 218],
  keyctl: [250, 219],
  init_module: [175, 105],
  delete_module: [176, 106],
  finit_module: [313, 273],
  kexec_load: [246, 104],
  kexec_file_load: [320, 294],
  reboot: [169, 142],
  swapon: [167, 224],
  swapoff: [168, 225],
  acct: [163, 89],
  quotactl: [179, 60],
  quotactl_fd: [443, 443],
  syslog: [103, 116],
  settimeofday: [164, 170],
  clock_settime: [227, 112],
  open_by_handle_at: [304, 265],
  fanotify_init: [300, 262],
  vhangup: [153, 58],
  sethostname: [170, 161],
  setdomainname: [171, 162],
  iopl: [172, null],
  ioperm: [173, null],
};

/**
 * Refused with ENOSYS where the contract lists the programs that may be started: a program in memory has no place in the
 * file tree, so Landlock does not see it. Runtimes that use such memory for something else fall back to files.
 */
export const memoryPrograms: Readonly<Record<string, readonly [x64: number, arm64: number]>> = {
  memfd_create: [319, 279],
};

const machines = {
  x64: { audit: 0xc000003e, socket: 41, clone: 56, clone3: 435, ioctl: 16 },
  arm64: { audit: 0xc00000b7, socket: 198, clone: 220, clone3: 435, ioctl: 29 },
} as const;

const allow = 0x7fff0000;
const errno = (number: number) => 0x00050000 | number;
const [EPERM, ENOSYS, EAFNOSUPPORT] = [1, 38, 97];

/** CLONE_NEWTIME is a bit of the signal mask for clone(2) and cannot be asked for through it. */
export const namespaceFlags = 0x7e020000;
/** AF_UNIX, AF_INET, AF_INET6, AF_NETLINK; the rest (AF_PACKET, AF_VSOCK, AF_ALG, ...) leads around the network rules. */
export const addressFamilies: readonly number[] = [1, 2, 10, 16];
/** Pushing characters into the terminal that the command shares with its operator: TIOCSTI, TIOCLINUX. */
export const terminalRequests: readonly number[] = [0x5412, 0x541c];

interface Step {
  readonly code: number;
  readonly k: number;
  readonly jt?: string;
  readonly jf?: string;
  readonly label?: string;
}

/** The program as the kernel reads it: 8 bytes per instruction, little endian. At most 4,096 of them. */
export function seccompFilter(arch: FilterArch, absent: Partial<typeof memoryPrograms> = {}): Buffer {
  const machine = machines[arch];
  const steps: Step[] = [
    load(4),
    { code: 0x15, k: machine.audit, jf: 'enosys' },
    load(0),
    // x32 calls have bit 30 set and would dodge the numbers below.
    ...(arch === 'x64' ? [{ code: 0x35, k: 0x40000000, jt: 'enosys' }] : []),
    { code: 0x15, k: machine.clone3, jt: 'enosys' },
    { code: 0x15, k: machine.clone, jt: 'clone' },
    { code: 0x15, k: machine.socket, jt: 'socket' },
    { code: 0x15, k: machine.ioctl, jt: 'ioctl' },
    ...Object.values(refusedCalls).flatMap(([x64, arm64]) => {
      const number = arch === 'x64' ? x64 : arm64;
      return number === null ? [] : [{ code: 0x15, k: number, jt: 'eperm' }];
    }),
    ...Object.values(absent).flatMap((numbers) =>
      numbers === undefined ? [] : [{ code: 0x15, k: numbers[arch === 'x64' ? 0 : 1], jt: 'enosys' }],
    ),
    { code: 0x05, k: 0, jt: 'allow' },
    { ...load(16), label: 'clone' },
    { code: 0x45, k: namespaceFlags, jt: 'eperm', jf: 'allow' },
    { ...load(16), label: 'socket' },
    ...addressFamilies.map((family) => ({ code: 0x15, k: family, jt: 'allow' })),
    { code: 0x06, k: errno(EAFNOSUPPORT) },
    { ...load(24), label: 'ioctl' },
    ...terminalRequests.map((request) => ({ code: 0x15, k: request, jt: 'eperm' })),
    { code: 0x06, k: allow, label: 'allow' },
    { code: 0x06, k: errno(EPERM), label: 'eperm' },
    { code: 0x06, k: errno(ENOSYS), label: 'enosys' },
  ];
  const at = new Map(steps.flatMap((step, index) => (step.label === undefined ? [] : [[step.label, index] as const])));
  const program = Buffer.alloc(steps.length * 8);
  steps.forEach((step, index) => {
    const far = (label: string | undefined): number => (label === undefined ? 0 : (at.get(label) ?? 0) - index - 1);
    const always = step.code === 0x05;
    program.writeUInt16LE(step.code, index * 8);
    program.writeUInt8(always ? 0 : far(step.jt), index * 8 + 2);
    program.writeUInt8(always ? 0 : far(step.jf), index * 8 + 3);
    program.writeUInt32LE((always ? far(step.jt) : step.k) >>> 0, index * 8 + 4);
  });
  return program;
}

/** Loads 32 bits of struct seccomp_data: 0 number, 4 architecture, 16 first argument, 24 second (low halves). */
function load(offset: number): Step {
  return { code: 0x20, k: offset };
}
