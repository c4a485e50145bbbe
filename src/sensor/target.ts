/** A registered workload, as the sensor needs to know it. */
export interface Target {
  readonly workload: string;
  readonly service: string;
  /** SPIFFE ID; null until one was issued. */
  readonly identity: string | null;
  /** Its own v2 cgroup: `id` is the decimal inode number of the directory, `path` as in `/proc/PID/cgroup`. */
  readonly cgroup?: { readonly id: string; readonly path: string };
  /** 64 hex digits. */
  readonly container?: string;
  /** Its files come from an image: a program of the writable layer above is drift. Of a host's command it is nothing. */
  readonly layered?: boolean;
  /** The first process, by pid and start time; its descendants belong to the workload too. */
  readonly root?: { readonly pid: number; readonly start: number };
  /**
   * COMMAND as it will be executed. Until its first execution, what happens in the workload is our own launcher's doing and
   * is not reported. Absent: everything counts from the first event.
   */
  readonly command?: string;
  /** Script of a launcher that runs under the same interpreter as COMMAND might: its execution is not COMMAND's. */
  readonly launcher?: string;
  /** The file strace writes about this workload, when it was launched under it. */
  readonly trace?: string;
}
