/** One way of capturing a workload's traffic; every rung has this shape and stands in the array of `rungs.ts`. */
import { z } from 'zod';
import { CallRoute, CaptureRung, Port, ServiceName, WorkloadId } from '../../model/index.js';

/** An absolute path without `.`/`..` parts, control characters or what would split a line of a hosts file or script. */
export const CleanPath = z
  .string()
  .max(4_096)
  .regex(/^(\/[^/\0\n\r]+)+$/)
  .refine((path) => !path.split('/').some((part) => part === '.' || part === '..'), 'no `.` or `..` in a path');

/** What is wanted for one workload. */
export const CaptureSpec = z.strictObject({
  /** The house that this workload belongs to: 8 hex digits, so that two on one machine never touch each other's. */
  instance: z.string().regex(/^[0-9a-f]{8}$/),
  workload: WorkloadId,
  service: ServiceName,
  /** What COMMAND binds; null for a service that takes no calls. */
  port: Port.nullable(),
  calls: z.array(CallRoute).max(1_000),
  /** Whom COMMAND runs as. Never 0 in root mode. */
  uid: z.int().min(0).max(4_294_967_294),
  gid: z.int().min(0).max(4_294_967_294),
  cwd: CleanPath.or(z.literal('/')),
  /** Directory of short socket paths; everything in it is hidden but the workload's own API socket. */
  runtimeDir: CleanPath,
  /** The data directory and whatever else the workload must not see. */
  hideDirs: z.array(CleanPath).max(32),
  /** Paths beneath a hidden directory or /tmp that COMMAND needs: the code directory, the entry file. */
  keepPaths: z.array(CleanPath).max(64),
  workloadApiSocket: CleanPath.nullable(),
  /** Digest of the image whose container is to be confined; null for a command. */
  image: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/)
    .nullable()
    .default(null),
  nodePath: CleanPath,
  /** Holds `dist/` and `node_modules/`. */
  programDir: CleanPath,
});
export type CaptureSpec = z.infer<typeof CaptureSpec>;

/** Original destinations that mean one route. */
export const VirtualAddress = z.strictObject({ route: CallRoute, address: z.string().max(45), port: Port });
export type VirtualAddress = z.infer<typeof VirtualAddress>;

/** As the Docker Engine writes it in full. */
export const ContainerId = z.string().regex(/^[0-9a-f]{64}$/);

/** How a process gets into the workload's namespaces. */
export const Place = z.discriminatedUnion('kind', [
  /** A named network namespace below /run/netns: of our own making, or that of a container which only holds it. */
  z.strictObject({ kind: z.literal('netns'), name: z.string().regex(/^tricordon-[0-9a-f]{8}-[0-9a-f]{12}$/) }),
  /** User, network and mount namespace of a process that only holds them. */
  z.strictObject({ kind: z.literal('userns'), pid: z.int().min(2), start: z.number() }),
  z.strictObject({ kind: z.literal('host') }),
]);
export type Place = z.infer<typeof Place>;

/** What was made: facts only, safe to hand from agent to `run`, which builds the command line itself (`launchOf`). */
export const Prepared = z.strictObject({
  rung: CaptureRung,
  spec: CaptureSpec,
  place: Place,
  /** The container that holds the network namespace; null where there is none. */
  holder: ContainerId.nullable().default(null),
  virtualAddresses: z.array(VirtualAddress),
  /** Where redirected connections go inside the namespace; null on the loopback rung. */
  redirectPort: Port.nullable(),
  /** Absolute path of the workload's own v2 cgroup; null where there is none. */
  cgroupPath: CleanPath.nullable(),
  /** Path in the v2 hierarchy, as in `/proc/PID/cgroup`; null where there is none. */
  cgroup: z.string().max(512).nullable(),
  /** Own `/etc/hosts`; null on the loopback rung. */
  hostsFile: CleanPath.nullable(),
  /** Host sockets found listening when this was prepared, to be covered in the workload's mount namespace. */
  hideSockets: z.array(CleanPath).max(4_096),
  /** The workload is put into a user namespace of its own as well. */
  ownUserNamespace: z.boolean(),
  /** The command is started through a system call filter. */
  seccomp: z.boolean(),
  /** What this rung does not hold, in plain words; for coverage. */
  gaps: z.array(z.strictObject({ what: z.string(), fix: z.string().nullable() })),
});
export type Prepared = z.infer<typeof Prepared>;

export interface RungProbe {
  readonly usable: boolean;
  readonly reason?: string;
  readonly fix?: string;
}

export interface Rung {
  readonly name: CaptureRung;
  probe(): Promise<RungProbe>;
  /** Idempotent: prepared twice, the first one's namespace is kept. Throws ConfineError. */
  prepare(spec: CaptureSpec): Promise<Prepared>;
  /** Idempotent; kills whatever is left inside. */
  cleanup(prepared: Prepared): Promise<void>;
  /** Cuts every connection that enters or leaves, at the packet layer. */
  isolate(prepared: Prepared): Promise<void>;
  rejoin(prepared: Prepared): Promise<void>;
}

/** A program to start: COMMAND's own words are appended to `args`. */
export interface Launch {
  readonly file: string;
  readonly args: readonly string[];
  /** Added to COMMAND's environment. */
  readonly env: Readonly<Record<string, string>>;
}
