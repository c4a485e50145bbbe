/**
 * The programs that run in the kernel, one per tracepoint. They write what they saw as one record (`record.ts`) and decide nothing
 * but whom to watch. Texts are read after the call, when they have been faulted in.
 */
import type { Selection } from '../line-source.js';
import type { KernelLayout } from './layout.js';
import type { Maps } from './maps.js';
import { argumentBytes, execFlags, head, nameBytes, pathBytes, workingDirectory } from './record.js';
import { callProgram } from './call-program.js';
import { directoryProgram, sendWithDirectory, startOfName } from './directory.js';
import { slot } from './stack.js';
import { Writer } from './writer.js';

const overlayfs = 0x794c7630;
/** CLONE_THREAD: makes a thread, not a process. */
const cloneThread = 0x10000;

export interface Program {
  /** As the kernel names the raw tracepoint; null for the one that others end with. */
  readonly tracepoint: string | null;
  readonly code: Buffer;
}

/** @param seed keys the hash of names, so that nobody can make two that count as one. */
export function programs(kernel: KernelLayout, maps: Maps, selection: Selection, seed: bigint): readonly Program[] {
  const writer = () => new Writer(kernel, maps, selection);
  return [
    { tracepoint: null, code: directoryProgram(writer(), kernel) },
    { tracepoint: 'sched_process_exec', code: execProgram(writer(), kernel) },
    { tracepoint: 'task_newtask', code: forkProgram(writer(), kernel) },
    { tracepoint: 'sched_process_exit', code: exitProgram(writer(), kernel) },
    { tracepoint: 'sys_exit', code: callProgram(writer(), kernel, seed) },
    { tracepoint: 'sys_enter', code: enterProgram(writer()) },
  ];
}

/** Arguments: the task, its old pid, and what is executed. */
function execProgram(w: Writer, kernel: KernelLayout): Buffer {
  const { mm, file, inode, superBlock, program, task, node, cgroup, cgroupSet } = kernel;
  w.toStack(slot.context, { r: 1 });
  w.select();
  remember(w);
  w.onlyWatched();

  const named = w.name('named');
  w.lookup('told', slot.cgroup);
  w.when(0, 'ne', 0, named);
  w.toStack(slot.value, 1, 4);
  w.update('told', slot.cgroup, slot.value);
  w.begin('cgroup');
  w.follow(6, task.cgroups, cgroupSet.unified, cgroup.node);
  w.toStack(slot.first, { r: 3 });
  w.follow(3, node.parent);
  w.read(7, head.b, 8, 3, node.id);
  w.fromStack(3, slot.first);
  w.follow(3, node.name);
  w.mov(1, { r: 7 });
  w.do('add', 1, head.rest);
  w.mov(2, nameBytes);
  w.call('readKernelText');
  w.when(0, 'sle', 0, named);
  w.when(0, 'gt', nameBytes, named);
  w.do('add', 0, head.rest);
  w.send({ r: 0 });
  w.label(named);

  w.begin('exec');
  w.follow(6, task.parent);
  w.read(7, head.comm, 16, 3, task.comm);
  // Standard input on a TCP or UDP socket, however it came there.
  w.mov(8, 0);
  w.toStack(slot.descriptor, 0);
  const plain = w.name('plain');
  w.socket(plain);
  w.onlyInternet(plain);
  w.mov(9, 1);
  w.newStream(plain);
  w.mov(8, execFlags.socketOnStdin);
  w.label(plain);
  // What was not in the image lies in the upper layer; what has no link is no file any more.
  const [whole, known] = [w.name('whole'), w.name('known')];
  w.follow(6, task.mm, mm.executable, file.inode);
  w.when(3, 'eq', 0, known);
  w.toStack(slot.first, { r: 3 });
  w.follow(3, inode.superBlock, superBlock.magic);
  w.constant(1, BigInt(overlayfs));
  w.when(3, 'ne', { r: 1 }, whole);
  w.fromStack(3, slot.first);
  w.follow(3, inode.size);
  w.when(3, 'eq', 0, whole);
  w.do('or', 8, execFlags.layer);
  w.label(whole);
  w.fromStack(3, slot.first);
  w.toStack(slot.second, 0);
  w.read(10, slot.second, 4, 3, inode.links);
  w.fromStack(1, slot.second);
  w.when(1, 'ne', 0, known);
  w.do('or', 8, execFlags.memory);
  w.label(known);

  w.fromStack(3, slot.context);
  w.load(8, 3, 3, 16);
  w.follow(3, program.path);
  w.mov(1, { r: 7 });
  w.do('add', 1, head.rest);
  w.mov(2, pathBytes);
  w.call('readKernelText');
  w.mov(9, { r: 0 });
  w.when(9, 'sle', 0, 'end');
  w.when(9, 'gt', pathBytes, 'end');
  w.store(4, 7, head.length, { r: 9 });

  const [fits, none] = [w.name('fits'), w.name('none')];
  w.follow(6, task.mm);
  w.toStack(slot.first, { r: 3 });
  w.follow(3, mm.argEnd);
  w.toStack(slot.second, { r: 3 });
  w.fromStack(3, slot.first);
  w.follow(3, mm.argStart);
  w.fromStack(2, slot.second);
  w.do('sub', 2, { r: 3 });
  w.when(2, 'le', argumentBytes, fits);
  w.do('or', 8, execFlags.truncated);
  w.mov(2, argumentBytes);
  w.label(fits);
  w.store(8, 7, head.a, { r: 8 });
  w.mov(8, { r: 2 });
  w.mov(1, { r: 7 });
  w.do('add', 1, { r: 9 });
  w.do('add', 1, head.rest);
  w.call('readUser');
  w.when(0, 'eq', 0, none);
  w.mov(8, 0);
  w.label(none);
  w.store(8, 7, head.b, { r: 8 });
  w.do('add', 9, { r: 8 });
  w.toStack(slot.directory, workingDirectory);
  startOfName(w, kernel);
  sendWithDirectory(w);
  return w.finish();
}

/** Where this process executed something: register 8 says it, inside or outside. */
function remember(w: Writer): void {
  const [first, kept] = [w.name('first'), w.name('kept')];
  w.keyOf('process');
  w.lookup('processes', slot.key);
  w.when(0, 'eq', 0, first);
  w.store(4, 0, 0, { r: 8 });
  w.load(4, 1, 0, 4);
  w.do('add', 1, 1);
  w.store(4, 0, 4, { r: 1 });
  w.jump(kept);
  w.label(first);
  w.toStack(slot.entry, { r: 8 }, 4);
  w.toStack(slot.entry + 4, 1, 4);
  w.toStack(slot.entry + 8, 0, 4);
  w.update('processes', slot.key, slot.entry);
  w.label(kept);
}

/** Arguments: the new task and the flags it is made with. */
function forkProgram(w: Writer, { task }: KernelLayout): Buffer {
  w.mov(9, { r: 1 });
  w.load(8, 1, 9, 8);
  w.when(1, 'set', cloneThread, 'end');
  w.load(8, 3, 9, 0);
  w.toStack(slot.second, 0);
  w.read(10, slot.second, 4, 3, task.pid);
  w.select();
  const alone = w.name('alone');
  w.keyOf('process');
  w.lookup('processes', slot.key);
  w.when(0, 'eq', 0, alone);
  w.mov(3, { r: 0 });
  w.updateFrom('processes', slot.second);
  w.label(alone);
  w.onlyWatched();
  w.begin('fork');
  w.fromStack(1, slot.second);
  w.store(8, 7, head.a, { r: 1 });
  w.send(head.rest);
  return w.finish();
}

function exitProgram(w: Writer, { task }: KernelLayout): Buffer {
  w.keyOf('thread');
  w.forget('entered', slot.key);
  w.call('pidTgid');
  w.mov(1, { r: 0 });
  w.do('rsh', 1, 32);
  w.truncate(0);
  w.when(0, 'ne', { r: 1 }, 'end');
  w.select();
  const unseen = w.name('unseen');
  w.when(8, 'ne', 1, unseen);
  w.begin('exit');
  w.read(7, head.a, 4, 6, task.exitCode);
  w.send(head.rest);
  w.label(unseen);
  w.keyOf('process');
  w.forget('processes', slot.key);
  return w.finish();
}

/** Arguments: the registers and the call's number. seccomp refuses before this point, and after it comes only the exit. */
function enterProgram(w: Writer): Buffer {
  w.mov(9, { r: 1 });
  w.select();
  w.onlyWatched();
  w.keyOf('thread');
  w.load(8, 1, 9, 8);
  w.do('add', 1, 1);
  w.toStack(slot.value, { r: 1 }, 4);
  w.update('entered', slot.key, slot.value);
  return w.finish();
}
