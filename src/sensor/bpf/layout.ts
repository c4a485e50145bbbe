/** Where the programs find what they read: offsets in the structures of the running kernel. */
import type { TypeInformation } from './type-information.js';

export type KernelLayout = ReturnType<typeof kernelLayout>;

/** @throws Error naming what this kernel does not have. */
export function kernelLayout(types: TypeInformation) {
  const at = (structure: string, ...fields: readonly string[]) => types.offsetOf(structure, ...fields);
  return {
    task: {
      compat: at('task_struct', 'thread_info') + at('thread_info', 'status'),
      pid: at('task_struct', 'pid'),
      tgid: at('task_struct', 'tgid'),
      leader: at('task_struct', 'group_leader'),
      parent: at('task_struct', 'real_parent'),
      start: at('task_struct', 'start_boottime'),
      exitCode: at('task_struct', 'exit_code'),
      comm: at('task_struct', 'comm'),
      mm: at('task_struct', 'mm'),
      files: at('task_struct', 'files'),
      fs: at('task_struct', 'fs'),
      cgroups: at('task_struct', 'cgroups'),
    },
    mm: {
      executable: at('mm_struct', 'exe_file'),
      argStart: at('mm_struct', 'arg_start'),
      argEnd: at('mm_struct', 'arg_end'),
    },
    files: { table: at('files_struct', 'fdt') },
    table: { size: at('fdtable', 'max_fds'), entries: at('fdtable', 'fd') },
    file: { inode: at('file', 'f_inode'), data: at('file', 'private_data'), path: at('file', 'f_path') },
    fs: { root: at('fs_struct', 'root'), pwd: at('fs_struct', 'pwd') },
    path: { dentry: at('path', 'dentry'), mount: at('path', 'mnt') },
    dentry: { parent: at('dentry', 'd_parent'), name: at('dentry', 'd_name') + at('qstr', 'name') },
    /** What a path names (`struct vfsmount`) lies within what the kernel keeps about a mount. */
    mount: {
      inside: at('mount', 'mnt'),
      parent: at('mount', 'mnt_parent'),
      point: at('mount', 'mnt_mountpoint'),
      root: at('vfsmount', 'mnt_root'),
    },
    inode: {
      mode: at('inode', 'i_mode'),
      number: at('inode', 'i_ino'),
      links: at('inode', 'i_nlink', '__i_nlink'),
      superBlock: at('inode', 'i_sb'),
      /** `struct ovl_inode` keeps its upper dentry right behind the inode within it. */
      size: types.sizeOf('inode'),
    },
    superBlock: { magic: at('super_block', 's_magic'), device: at('super_block', 's_dev') },
    socket: { type: at('socket', 'type'), sock: at('socket', 'sk') },
    sock: {
      family: at('sock_common', 'skc_family'),
      localPort: at('sock_common', 'skc_num'),
      peerPort: at('sock_common', 'skc_dport'),
      local4: at('sock_common', 'skc_rcv_saddr'),
      peer4: at('sock_common', 'skc_daddr'),
      local6: at('sock_common', 'skc_v6_rcv_saddr'),
      peer6: at('sock_common', 'skc_v6_daddr'),
    },
    cgroupSet: { unified: at('css_set', 'dfl_cgrp') },
    cgroup: { node: at('cgroup', 'kn') },
    // Linux 6.15 renamed the parent.
    node: {
      id: at('kernfs_node', 'id'),
      parent: at('kernfs_node', 'parent', '__parent'),
      name: at('kernfs_node', 'name'),
    },
    program: { path: at('linux_binprm', 'filename') },
    registers: {
      size: types.sizeOf('pt_regs'),
      number: at('pt_regs', 'orig_ax'),
      args: [at('pt_regs', 'di'), at('pt_regs', 'si'), at('pt_regs', 'dx'), at('pt_regs', 'r10')] as const,
    },
  };
}
