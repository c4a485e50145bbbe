/** What a process asked of the kernel, and what it got: one program at the end of every system call. */
import type { KernelLayout } from './layout.js';
import { sendWithDirectory, startOfName } from './directory.js';
import { addressBytes, head, pathBytes, socket, workingDirectory } from './record.js';
import { slot } from './stack.js';
import type { Writer } from './writer.js';

/** System calls of x86-64. */
const calls = {
  open: 2,
  dup: 32,
  dup2: 33,
  connect: 42,
  accept: 43,
  execve: 59,
  fcntl: 72,
  creat: 85,
  openat: 257,
  accept4: 288,
  dup3: 292,
  execveat: 322,
  ioUringSetup: 425,
  openat2: 437,
} as const;
const [EPERM, EACCES, lastError] = [-1, -13, -4095];
/** The flags of creat(2): O_CREAT | O_WRONLY | O_TRUNC. */
const creating = 0x241;
/** fcntl(2): F_DUPFD and F_DUPFD_CLOEXEC. */
const [duplicate, duplicateClosing] = [0, 1030];
/** TS_COMPAT: a call of 32-bit programs, whose numbers mean something else. */
const compat = 2;
/** One file of one program is reported once in so many nanoseconds. */
const againAfter = 10_000_000_000n;

/** Arguments: the registers and the result. Register 8 holds the result, 9 the call's number. */
export function callProgram(w: Writer, kernel: KernelLayout, seed: bigint): Buffer {
  const { registers, task } = kernel;
  const argument = (to: 1 | 2 | 3 | 9, index: 0 | 1 | 2 | 3) => w.fromStack(to, slot.registers + registers.args[index]);
  w.toStack(slot.context, { r: 1 });
  w.mov(9, { r: 1 });
  w.select();
  w.onlyWatched();
  w.load(8, 8, 9, 8);
  w.load(8, 3, 9, 0);
  w.read(10, slot.registers, registers.size, 3, 0);
  w.toStack(slot.second, 0);
  w.read(10, slot.second, 4, 6, task.compat);
  w.fromStack(1, slot.second);
  w.when(1, 'set', compat, 'end');
  w.fromStack(9, slot.registers + registers.number);
  denied(w);

  const cases = Object.entries(calls).map(([name, number]) => ({ name, number }));
  for (const { name, number } of cases) w.when(9, 'eq', number, name);
  w.jump('end');

  const opens = (name: keyof typeof calls, path: 0 | 1, flags: 1 | 2 | undefined, directory: 0 | undefined) => {
    w.label(name);
    argument(1, path);
    w.toStack(slot.text, { r: 1 });
    if (flags === undefined) w.toStack(slot.flags, creating);
    else {
      argument(1, flags);
      w.toStack(slot.flags, { r: 1 });
    }
    if (directory === undefined) w.toStack(slot.directory, workingDirectory);
    else {
      argument(1, directory);
      w.toStack(slot.directory, { r: 1 });
    }
  };
  opens('open', 0, 1, undefined);
  w.jump('opened');
  opens('creat', 0, undefined, undefined);
  w.jump('opened');
  opens('openat2', 1, 2, 0);
  // struct open_how begins with the flags (openat2(2)).
  w.fromStack(3, slot.flags);
  w.toStack(slot.flags, 0);
  w.mov(1, { r: 10 });
  w.do('add', 1, slot.flags);
  w.mov(2, 8);
  w.call('readUser');
  w.jump('opened');
  opens('openat', 1, 2, 0);
  w.label('opened');
  opened(w, kernel, seed);

  w.label('connect');
  w.onlyInside();
  w.begin('connect');
  argument(1, 0);
  w.truncate(1);
  w.toStack(slot.descriptor, { r: 1 });
  w.socket('end');
  argument(9, 2);
  w.truncate(9);
  w.when(9, 'lt', 2, 'end');
  const short = w.name('short');
  w.when(9, 'le', addressBytes, short);
  w.mov(9, addressBytes);
  w.label(short);
  w.mov(1, { r: 7 });
  w.do('add', 1, socket.rest);
  w.mov(2, { r: 9 });
  argument(3, 1);
  w.call('readUser');
  w.when(0, 'ne', 0, 'end');
  w.store(8, 7, head.a, { r: 8 });
  w.do('add', 9, socket.rest);
  w.send({ r: 9 });
  w.jump('end');

  for (const name of ['accept', 'accept4'] as const) w.label(name);
  w.when(8, 'slt', 0, 'end');
  w.onlyInside();
  w.begin('accept');
  w.toStack(slot.descriptor, { r: 8 });
  w.socket('end');
  w.onlyInternet('end');
  w.send(socket.rest);
  w.jump('end');

  w.label('fcntl');
  argument(1, 1);
  w.truncate(1);
  w.when(1, 'eq', duplicate, 'dup');
  w.when(1, 'ne', duplicateClosing, 'end');
  for (const name of ['dup', 'dup2', 'dup3'] as const) w.label(name);
  stdio(w);

  w.label('execve');
  argument(1, 0);
  w.jump('executed');
  w.label('execveat');
  argument(1, 1);
  w.label('executed');
  w.toStack(slot.text, { r: 1 });
  argument(1, 0);
  w.toStack(slot.directory, { r: 1 });
  const at = w.name('at');
  w.when(9, 'eq', calls.execveat, at);
  w.toStack(slot.directory, workingDirectory);
  w.label(at);
  const refused = w.name('refused');
  w.when(8, 'eq', EPERM, refused);
  w.when(8, 'ne', EACCES, 'end');
  w.label(refused);
  w.onlyInside();
  w.begin('refusedExec');
  w.userText(pathBytes);
  w.store(4, 7, head.length, { r: 9 });
  startOfName(w, kernel);
  sendWithDirectory(w);
  w.jump('end');

  w.label('ioUringSetup');
  w.when(8, 'slt', 0, 'end');
  w.onlyInside();
  w.begin('ioUring');
  w.send(head.rest);
  return w.finish();
}

/** seccomp refuses before a call is entered: an exit without its entry was refused. */
function denied(w: Writer): void {
  const entered = w.name('entered');
  w.keyOf('thread');
  w.lookup('entered', slot.key);
  // In the middle of this call when we came.
  w.when(0, 'eq', 0, entered);
  w.load(4, 1, 0, 0);
  w.store(4, 0, 0, 0);
  w.when(8, 'sge', 0, entered);
  w.when(8, 'slt', lastError, entered);
  w.when(9, 'slt', 0, entered);
  w.mov(2, { r: 9 });
  w.do('add', 2, 1);
  w.truncate(2);
  w.when(1, 'eq', { r: 2 }, entered);
  w.onlyInside();
  w.begin('denied');
  w.store(8, 7, head.a, { r: 9 });
  w.store(8, 7, head.b, { r: 8 });
  w.send(head.rest);
  w.jump('end');
  w.label(entered);
}

/**
 * First seen per process and program (what our launcher opened says nothing of the command it became), access, outcome, file
 * and name.
 */
function opened(w: Writer, kernel: KernelLayout, seed: bigint): void {
  const { inode, superBlock } = kernel;
  w.onlyInside();
  w.begin('open');
  w.store(8, 7, head.a, { r: 8 });
  w.fromStack(1, slot.flags);
  w.store(8, 7, head.b, { r: 1 });
  w.userText(pathBytes);
  w.store(4, 7, head.length, { r: 9 });
  startOfName(w, kernel);

  // The key, in pieces: process; execution, access, outcome; file, or where its name starts; name.
  w.fromStack(1, slot.dentry);
  w.toStack(slot.opened + 8, { r: 1 });
  const [failed, outcome, reading] = [w.name('failed'), w.name('outcome'), w.name('reading')];
  w.when(8, 'slt', 0, failed);
  w.toStack(slot.descriptor, { r: 8 });
  w.file(failed);
  w.fromStack(3, slot.pointer);
  w.read(10, slot.opened + 8, 8, 3, inode.number);
  w.fromStack(3, slot.pointer);
  w.follow(3, inode.superBlock);
  w.toStack(slot.second, 0);
  w.read(10, slot.second, 4, 3, superBlock.device);
  w.fromStack(1, slot.second);
  w.do('lsh', 1, 40);
  w.fromStack(2, slot.opened + 8);
  w.do('xor', 2, { r: 1 });
  w.toStack(slot.opened + 8, { r: 2 });
  w.label(failed);
  w.mov(1, 0);
  w.when(8, 'sge', 0, outcome);
  w.mov(1, 1);
  w.when(8, 'eq', EPERM, `refused${outcome}`);
  w.when(8, 'ne', EACCES, outcome);
  w.label(`refused${outcome}`);
  w.mov(1, 2);
  w.label(outcome);
  w.fromStack(2, slot.flags);
  // O_WRONLY, O_RDWR, O_CREAT or O_TRUNC.
  w.do('and', 2, 0x243);
  w.when(2, 'eq', 0, reading);
  w.do('add', 1, 4);
  w.label(reading);
  w.fromStack(2, slot.executions);
  w.do('lsh', 2, 3);
  w.do('add', 1, { r: 2 });
  w.toStack(slot.opened + 4, { r: 1 }, 4);
  w.load(4, 1, 7, head.pid);
  w.toStack(slot.opened, { r: 1 }, 4);

  // Eight bytes at a time; what an earlier record left behind the text is cleared.
  const [loop, done] = [w.name('loop'), w.name('done')];
  w.mov(1, { r: 7 });
  w.do('add', 1, { r: 9 });
  w.store(8, 1, head.rest, 0);
  w.constant(4, seed);
  w.constant(5, seed | 1n);
  w.mov(1, 0);
  w.label(loop);
  w.when(1, 'ge', pathBytes, done);
  w.when(1, 'ge', { r: 9 }, done);
  w.mov(3, { r: 7 });
  w.do('add', 3, { r: 1 });
  w.load(8, 2, 3, head.rest);
  w.do('xor', 4, { r: 2 });
  w.do('mul', 4, { r: 5 });
  w.mov(2, { r: 4 });
  w.do('rsh', 2, 29);
  w.do('xor', 4, { r: 2 });
  w.do('add', 1, 8);
  w.jump(loop);
  w.label(done);
  w.toStack(slot.opened + 16, { r: 4 });

  const fresh = w.name('fresh');
  w.lookup('opened', slot.opened);
  w.load(8, 1, 7, head.time);
  w.toStack(slot.first, { r: 1 });
  w.when(0, 'eq', 0, fresh);
  w.load(8, 2, 0, 0);
  w.do('sub', 1, { r: 2 });
  w.constant(2, againAfter);
  w.when(1, 'lt', { r: 2 }, 'end');
  w.label(fresh);
  w.update('opened', slot.opened, slot.first);
  sendWithDirectory(w);
  w.jump('end');
}

/** A TCP or UDP socket put onto 0, 1 or 2, told once per process and stream. */
function stdio(w: Writer): void {
  w.when(8, 'gt', 2, 'end');
  w.toStack(slot.descriptor, { r: 8 });
  w.begin('stdio');
  w.socket('end');
  w.onlyInternet('end');
  w.mov(9, 1);
  w.do('lsh', 9, { r: 8 });
  w.newStream('end');
  w.store(8, 7, head.a, { r: 8 });
  w.send(head.rest);
  w.jump('end');
}
