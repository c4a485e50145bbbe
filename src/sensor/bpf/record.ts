/** How a record lies in memory, for the programs that write it and for the reader. All numbers are little-endian. */

export const kinds = {
  exec: 1,
  refusedExec: 2,
  fork: 3,
  exit: 4,
  open: 5,
  connect: 6,
  accept: 7,
  stdio: 8,
  denied: 9,
  ioUring: 10,
  cgroup: 11,
} as const;

/** Offsets of what every record begins with; `a` and `b` mean what their kind says. */
export const head = {
  kind: 0,
  pid: 4,
  time: 8,
  start: 16,
  cgroup: 24,
  parent: 32,
  uid: 36,
  a: 40,
  b: 48,
  comm: 64,
  /** Of a kind with a path: bytes of it with the final zero, and 1 where names of its directory follow up to the root. */
  length: 56,
  whole: 60,
  /** The kind's own part: texts, addresses. */
  rest: 80,
} as const;

/** Offsets in the part about a socket; ports and addresses stand as in the kernel, the peer's port in network order. */
export const socket = {
  family: 80,
  type: 82,
  localPort: 84,
  peerPort: 86,
  local4: 88,
  peer4: 92,
  local6: 96,
  peer6: 112,
  rest: 128,
} as const;

/** In `a` of an execution. */
export const execFlags = { layer: 1, memory: 2, truncated: 4, socketOnStdin: 8 } as const;

/** Where records are put together, and what is handed on behind them to the program that adds the directory. */
export const recordBytes = 16_384;
export const handed = { dentry: recordBytes - 24, mount: recordBytes - 16, bytes: recordBytes - 8 } as const;

/** AT_FDCWD (openat(2)). */
export const workingDirectory = -100;

export const pathBytes = 4_096;
export const argumentBytes = 2_048;
/** A socket address (`struct sockaddr_un` is the longest), and a name in a directory. */
export const addressBytes = 110;
export const nameBytes = 256;
