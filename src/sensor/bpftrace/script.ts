/**
 * Writes the kernel script. Tracepoints only (no kprobes, no kfuncs): they exist on every kernel we run on. Kept to what
 * bpftrace 0.17 understands; its traps are noted where they bite.
 *
 * Rows are tab separated with the attacker's text last, and the output format is JSON, so a tab or line end in a file name
 * can neither move a column nor forge a row. `comm` goes through `%r`, which escapes control characters.
 */
import { checkSelection, type Selection } from '../line-source.js';

/** What differs between kernels. */
export interface KernelFeatures {
  /** Tracepoints that exist, as `bpftrace -l` prints them. */
  readonly tracepoints: ReadonlySet<string>;
  /** Linux 6.15 renamed `kernfs_node.parent`. */
  readonly kernfsParent: 'parent' | '__parent';
}

/** Bytes of one text in one row; longer ones continue in further rows. Bound by the 512-byte stack of BPF. */
export const chunkBytes = 160;
const chunks = 3;
/** What a call answers that the kernel refused. */
const [EACCES, EPERM] = [-13, -1];
const maps = [
  '@up',
  '@xa',
  '@xg',
  '@sel',
  '@cg',
  '@xc',
  '@seen',
  '@last',
  '@oa',
  '@of',
  '@od',
  '@ol',
  '@ca',
  '@cf',
  '@cl',
  '@sk',
];

export function bpftraceArguments(script: string): readonly string[] {
  return ['-f', 'json', '-e', script];
}

export const bpftraceEnvironment: Readonly<Record<string, string>> = {
  // One more than a chunk: str() keeps a byte for the NUL.
  BPFTRACE_STRLEN: String(chunkBytes + 1),
  BPFTRACE_PERF_RB_PAGES: '2048',
  BPFTRACE_MAP_KEYS_MAX: '65536',
};

/** @throws SensorError `sensor-selection` when an id is not a decimal number. */
export function bpftraceScript(selection: Selection, kernel: KernelFeatures): string {
  checkSelection(selection);
  const select = selector(selection, kernel.kernfsParent);
  const wanted = [
    ...execProbes(select, kernel.kernfsParent),
    ...refusedExecProbes(select),
    ...lifeProbes(select),
    ...openProbes(select),
    ...connectProbes(select),
    ...acceptProbes(select),
    ...stdioProbes(select),
    ...deniedProbes(select),
    ...blindSpotProbes(select),
  ];
  const parts = wanted.flatMap(({ on, text }) => {
    const present = on.filter((name) => kernel.tracepoints.has(name));
    return present.length === 0 ? [] : [`${present.map((name) => `tracepoint:${name}`).join(', ')} ${text}`];
  });
  // Last: BEGIN would fire before the others are attached.
  parts.push('interval:ms:50 { if (!@up) { @up = 1; printf("UP\\t%llu\\n", nsecs); } }');
  parts.push('interval:s:1 { printf("TK\\t%llu\\n", nsecs); }');
  parts.push('interval:s:10 { clear(@seen); }');
  // Maps would be dumped at exit; nobody reads them.
  parts.push(`END { ${maps.map((m) => `clear(${m});`).join(' ')} }`);
  return parts.join('\n');
}

interface Probe {
  readonly on: readonly string[];
  readonly text: string;
}

/**
 * Decides once per cgroup whether it is watched: 1 yes, 2 no. Walks from the cgroup to its great-grandparent and compares
 * ids, so that a workload born a microsecond ago is selected as surely as an old one and nobody has to be told its id.
 * When the map is full the walk is repeated: slower, never blind.
 */
function selector(selection: Selection, parent: KernelFeatures['kernfsParent']): string {
  // Names are compared as one 64-bit word: "docker\0" in 7 bytes, "docker-" in 7 bytes (little-endian).
  const word = (text: string) => `0x${Buffer.from(text, 'latin1').reverse().toString('hex')}`;
  const tests = (node: string, up: string) => [
    ...selection.parents.map((id) => `if (${node}->id == ${id}) { $s = 1; }`),
    ...(selection.containers
      ? [
          `if ((*(uint64 *)${up}->name & 0xffffffffffffff) == ${word('docker\0')}) { $s = 1; }`,
          `if ((*(uint64 *)${node}->name & 0xffffffffffffff) == ${word('docker-')}) { $s = 1; }`,
        ]
      : []),
  ];
  return `$t = (struct task_struct *)curtask; $s = @sel[cgroup];
  if ($s == 0) { $s = 2;
    $k0 = (struct kernfs_node *)($t->cgroups->dfl_cgrp->kn); $k1 = (struct kernfs_node *)($k0->${parent});
    $k2 = (struct kernfs_node *)($k1->${parent}); $k3 = (struct kernfs_node *)($k2->${parent});
    ${[...tests('$k0', '$k1'), ...tests('$k1', '$k2'), ...tests('$k2', '$k3'), ...selection.parents.map((id) => `if ($k3->id == ${id}) { $s = 1; }`)].join('\n    ')}
    @sel[cgroup] = $s; }`;
}

/** Every row starts: kind, time, pid, start, cgroup. */
const head = (kind: string, formats: string) =>
  `"${kind}\\t%llu\\t%d\\t%llu\\t%llu${formats}\\n", nsecs, pid, $t->group_leader->start_boottime / 10000000, cgroup`;

/**
 * `@xc[pid]`: where the process last executed something; 1 inside, 2 outside what is watched. A process that was moved in
 * and has executed nothing yet (`runc init`) is the runtime's set-up, not the workload; 0 is older than the sensor.
 */
const inside = '$s == 1 && @xc[pid] != 2';

function execProbes(select: string, parent: KernelFeatures['kernfsParent']): Probe[] {
  const on = ['sched:sched_process_exec'];
  const overlayfs = '0x794c7630';
  return [
    {
      // Programs on one tracepoint run in the order they stand here: the cgroup's name, the execution, its arguments.
      on,
      text: `{ ${select}
  if ($s == 1 && !@cg[cgroup]) { @cg[cgroup] = 1;
    $kn = (struct kernfs_node *)($t->cgroups->dfl_cgrp->kn); $up = (struct kernfs_node *)($kn->${parent});
    printf("CG\\t%llu\\t%llu\\t%s\\n", cgroup, $up->id, str($kn->name)); } }`,
    },
    {
      on,
      // ovl_inode keeps its upper dentry right behind the embedded inode; set = not from the image. No link = no file.
      text: `{ ${select}
  if ($s == 1) { $ino = $t->mm->exe_file->f_inode; $drift = 0;
    if ($ino->i_sb->s_magic == ${overlayfs}) { if (*(uint64 *)((uint64)$ino + sizeof(struct inode)) != 0) { $drift = 1; } }
    if ($ino->__i_nlink == 0) { $drift = $drift + 2; }
    printf(${head('EX', '\\t%d\\t%d\\t%d\\t%r\\t%s')}, $t->real_parent->tgid, uid, $drift, buf($t->real_parent->comm, 16), str(args->filename)); }
  @xc[pid] = $s; @xg[pid] = @xg[pid] + 1; }`,
    },
    ...Array.from({ length: chunks }, (_, index) => ({
      on,
      text: `{ ${select}
  if ($s == 1) { $len = (uint64)($t->mm->arg_end - $t->mm->arg_start);
    if ($len > ${index * chunkBytes}) { $rest = $len - ${index * chunkBytes}; if ($rest > ${chunkBytes}) { $rest = ${chunkBytes}; }
      printf("AR\\t%d\\t%d\\t%llu\\t%r\\n", pid, ${index}, $len, buf(uptr($t->mm->arg_start + ${index * chunkBytes}), $rest)); } } }`,
    })),
    {
      on,
      // The end of the execution's rows; standard input on a TCP socket however it came there.
      text: `{ ${select}
  if ($s == 1) { $f = (struct file *)(*($t->files->fdt->fd)); $on = 0;
    if ($f != 0) { if (($f->f_inode->i_mode & 0xf000) == 0xc000) { $so = (struct socket *)$f->private_data; $fam = $so->sk->__sk_common.skc_family;
      if (($fam == 2 || $fam == 10) && !@sk[pid]) { $on = 1; @sk[pid] = 1; } } }
    printf(${head('XE', '\\t%d')}, $on); } }`,
    },
  ];
}

/** An execution that the kernel refused: after the call, when the name has been faulted in. One that worked has no such exit. */
function refusedExecProbes(select: string): Probe[] {
  const exits = ['syscalls:sys_exit_execve', 'syscalls:sys_exit_execveat'];
  return [
    {
      on: ['syscalls:sys_enter_execve', 'syscalls:sys_enter_execveat'],
      text: `{ ${select}
  if (${inside}) { @xa[tid] = (uint64)args->filename; } }`,
    },
    {
      on: exits,
      text: `/@xa[tid] != 0 && (args->ret == ${EACCES} || args->ret == ${EPERM})/ { ${select}
  printf(${head('XR', '\\t%d\\t%d\\t%r\\t%s')}, $t->real_parent->tgid, uid, buf($t->comm, 16), str(uptr(@xa[tid]))); }`,
    },
    { on: exits, text: '/@xa[tid] != 0/ { delete(@xa[tid]); }' },
  ];
}

function lifeProbes(select: string): Probe[] {
  return [
    {
      on: ['task:task_newtask'],
      // CLONE_THREAD (0x10000) makes a thread, not a process.
      text: `/(args->clone_flags & 0x10000) == 0/ { ${select}
  @xc[args->pid] = @xc[pid]; if (@sk[pid]) { @sk[args->pid] = @sk[pid]; }
  if ($s == 1) { printf(${head('FK', '\\t%d')}, args->pid); } }`,
    },
    {
      on: ['sched:sched_process_exit'],
      text: `{ ${select}
  delete(@last[tid]);
  if (pid == tid) { if ($s == 1) { printf(${head('XT', '\\t%d')}, $t->exit_code); } delete(@xc[pid]); delete(@xg[pid]); delete(@sk[pid]); } }`,
    },
  ];
}

/**
 * Files: after the call, when the name has been faulted in; first seen per process and program (what our launcher opened
 * says nothing of the command it became), access, outcome, file and name. The file's inode is part of it, so that a long or relative name that means another file is another event.
 *
 * A row whose name fills a chunk is continued by an OC row. Whether the name is that long is found by looking for a zero byte in
 * each word: reading on behind a shorter name would carry off the workload's memory.
 */
function openProbes(select: string): Probe[] {
  const enter = (on: string, name: string, flags: string, directory: string): Probe => ({
    on: [`syscalls:sys_enter_${on}`],
    text: `{ ${select}
  if (${inside}) { @oa[tid] = (uint64)${name}; @of[tid] = (uint64)${flags}; @od[tid] = (int64)${directory}; } }`,
  });
  const exits = ['openat', 'open', 'creat', 'openat2'].map((name) => `syscalls:sys_exit_${name}`);
  const key = `$fl = @of[tid]; $w = 0; if (($fl & 3) != 0 || ($fl & 0x240) != 0) { $w = 1; }
  $bad = 0; $ino = (uint64)0; if (args->ret < 0) { $bad = 1; if (args->ret == ${EACCES} || args->ret == ${EPERM}) { $bad = 2; } } else {
    $f = (struct file *)(*($t->files->fdt->fd + args->ret)); $ino = $f->f_inode->i_ino + ((uint64)$f->f_inode->i_sb->s_dev << 40); }`;
  return [
    enter('openat', 'args->filename', 'args->flags', 'args->dfd'),
    enter('open', 'args->filename', 'args->flags', '-100'),
    enter('creat', 'args->pathname', '0x241', '-100'),
    // struct open_how begins with the flags (openat2(2)).
    enter('openat2', 'args->filename', '*(uint64 *)uptr((uint64)args->how)', 'args->dfd'),
    {
      on: exits,
      text: `/@oa[tid] != 0/ { ${select}
  ${key}
  $a = @oa[tid]; $d = (int64)@od[tid]; $p = str(uptr($a));
  if (!@seen[pid, @xg[pid] * 8 + $w * 4 + $bad, $ino, $p]) { @seen[pid, @xg[pid] * 8 + $w * 4 + $bad, $ino, $p] = 1;
    printf(${head('OP', '\\t%d\\t%d\\t%d\\t%d\\t%s')}, tid, $w, $bad, $d, $p); @ol[tid] = 1; } }`,
    },
    {
      on: exits,
      text: `/@ol[tid] == 1/ { $long = 1; $at = @oa[tid];
    unroll(${chunkBytes / 8}) { $word = *(uint64 *)uptr($at); $at = $at + 8;
      if ((($word - 0x0101010101010101) & ~$word & 0x8080808080808080) != 0) { $long = 0; } }
    if ($long == 1) { @ol[tid] = 2; } }`,
    },
    {
      on: exits,
      text: `/@ol[tid] == 2/ { printf("OC\\t%d\\t%s\\n", tid, str(uptr(@oa[tid] + ${chunkBytes}))); }`,
    },
    { on: exits, text: '/@oa[tid] != 0/ { delete(@oa[tid]); delete(@of[tid]); delete(@od[tid]); delete(@ol[tid]); }' },
  ];
}

function connectProbes(select: string): Probe[] {
  const common = (kind: string, local: string, peer: string, port: string) => `
    printf(${head(kind, '\\t%d\\t%d\\t%s\\t%d\\t%s\\t%d\\t%r')}, args->ret, $so->type, ${local}, $sk->__sk_common.skc_num, ${peer}, ((${port} & 0xff) << 8) | (${port} >> 8), buf($t->comm, 16));`;
  const family = (number: number, body: string): Probe => ({
    on: ['syscalls:sys_exit_connect'],
    text: `/@ca[tid] != 0/ { ${select}
  $sa = (struct sockaddr *)uptr(@ca[tid]); $fam = $sa->sa_family;
  if ($fam == ${number}) {
    $f = (struct file *)(*($t->files->fdt->fd + @cf[tid]));
    if (($f->f_inode->i_mode & 0xf000) == 0xc000) { $so = (struct socket *)$f->private_data; $sk = $so->sk; ${body} } } }`,
  });
  return [
    {
      on: ['syscalls:sys_enter_connect'],
      text: `{ ${select}
  if (${inside}) { @ca[tid] = (uint64)args->uservaddr; @cf[tid] = (uint64)args->fd; @cl[tid] = (uint64)args->addrlen; } }`,
    },
    family(
      2,
      `$in = (struct sockaddr_in *)uptr(@ca[tid]);${common('C4', 'ntop(2, $sk->__sk_common.skc_rcv_saddr)', 'ntop(2, $in->sin_addr.s_addr)', '$in->sin_port')}`,
    ),
    family(
      10,
      `$in = (struct sockaddr_in6 *)uptr(@ca[tid]);${common('C6', 'ntop(10, $sk->__sk_common.skc_v6_rcv_saddr.in6_u.u6_addr8)', 'ntop(10, $in->sin6_addr.in6_u.u6_addr8)', '$in->sin6_port')}`,
    ),
    family(
      1,
      // A name that starts with NUL is abstract (unix(7)): its text begins one byte later and ends with the length given.
      `$abs = 0; $n = @ca[tid] + 2; $len = @cl[tid] - 2; if (@cl[tid] < 3 || @cl[tid] > 110) { $len = 1; }
    if (*(uint8 *)uptr($n) == 0) { $abs = 1; $n = $n + 1; $len = $len - 1; }
    printf(${head('CU', '\\t%d\\t%d\\t%r\\t%s')}, args->ret, $abs, buf($t->comm, 16), str(uptr($n), $len));`,
    ),
    {
      on: ['syscalls:sys_exit_connect'],
      text: '/@ca[tid] != 0/ { delete(@ca[tid]); delete(@cf[tid]); delete(@cl[tid]); }',
    },
  ];
}

function acceptProbes(select: string): Probe[] {
  const row = (kind: string, local: string, peer: string) => `
    printf(${head(kind, '\\t%s\\t%d\\t%s\\t%d')}, ${local}, $sk->__sk_common.skc_num, ${peer}, (($sk->__sk_common.skc_dport & 0xff) << 8) | ($sk->__sk_common.skc_dport >> 8));`;
  return [
    {
      on: ['syscalls:sys_exit_accept4', 'syscalls:sys_exit_accept'],
      text: `/args->ret >= 0/ { ${select}
  if (${inside}) { $f = (struct file *)(*($t->files->fdt->fd + args->ret)); $so = (struct socket *)$f->private_data; $sk = $so->sk; $fam = $sk->__sk_common.skc_family;
    if ($fam == 2) {${row('A4', 'ntop(2, $sk->__sk_common.skc_rcv_saddr)', 'ntop(2, $sk->__sk_common.skc_daddr)')} }
    if ($fam == 10) {${row('A6', 'ntop(10, $sk->__sk_common.skc_v6_rcv_saddr.in6_u.u6_addr8)', 'ntop(10, $sk->__sk_common.skc_v6_daddr.in6_u.u6_addr8)')} } } }`,
    },
  ];
}

/** A TCP or UDP socket put onto 0, 1 or 2. Unix sockets are left out: runtimes use pairs of them as pipes. */
function stdioProbes(select: string): Probe[] {
  return [
    {
      on: ['syscalls:sys_enter_dup2', 'syscalls:sys_enter_dup3'],
      text: `/args->newfd <= 2/ { ${select}
  if ($s == 1) { $f = (struct file *)(*($t->files->fdt->fd + args->oldfd));
    if (($f->f_inode->i_mode & 0xf000) == 0xc000) { $so = (struct socket *)$f->private_data; $fam = $so->sk->__sk_common.skc_family;
      $bit = (uint64)1; if (args->newfd == 1) { $bit = (uint64)2; } if (args->newfd == 2) { $bit = (uint64)4; }
      if (($fam == 2 || $fam == 10) && (@sk[pid] & $bit) == 0) { @sk[pid] = @sk[pid] | $bit; printf(${head('DS', '\\t%d\\t%r')}, args->newfd, buf($t->comm, 16)); } } } }`,
    },
  ];
}

/** seccomp refuses before the entry tracepoint and after it comes only the exit: an exit without its entry was refused. */
function deniedProbes(select: string): Probe[] {
  return [
    {
      on: ['raw_syscalls:sys_enter'],
      text: `{ ${select}
  if ($s == 1) { @last[tid] = args->id + 1; } }`,
    },
    {
      on: ['raw_syscalls:sys_exit'],
      text: `/args->ret < 0 && args->ret > -4096 && args->id >= 0 && @last[tid] > 0/ { ${select}
  if (${inside} && @last[tid] != args->id + 1) { printf(${head('DN', '\\t%d\\t%d')}, args->id, args->ret); } }`,
    },
  ];
}

function blindSpotProbes(select: string): Probe[] {
  return [
    {
      on: ['syscalls:sys_enter_io_uring_setup'],
      text: `{ ${select}
  if (${inside}) { printf(${head('IU', '')}); } }`,
    },
  ];
}
