/** The phrases that the programs are made of, over the assembler. Register 6 holds the task, 7 the record. */
import type { Selection } from '../line-source.js';
import { Assembler, type Operand, type Register } from './assembler.js';
import type { KernelLayout } from './layout.js';
import type { MapName, Maps } from './maps.js';
import { head, kinds, socket } from './record.js';
import { slot } from './stack.js';

const TASK = 6;
const RECORD = 7;
const FRAME = 10;
const END = 'end';

export class Writer extends Assembler {
  private readonly kernel: KernelLayout;
  private readonly maps: Maps;
  private readonly selection: Selection;

  constructor(kernel: KernelLayout, maps: Maps, selection: Selection) {
    super();
    this.kernel = kernel;
    this.maps = maps;
    this.selection = selection;
  }

  /** Ends the program; `end` is the label that leads here from anywhere. */
  finish(): Buffer {
    this.label(END);
    this.exit();
    return this.bytes();
  }

  toStack(at: number, from: Operand, width: 4 | 8 = 8): void {
    this.store(width, FRAME, at, from);
  }

  fromStack(to: Register, at: number, width: 4 | 8 = 8): void {
    this.load(width, to, FRAME, at);
  }

  /** Copies kernel memory at `from + offset` to `to + at`; what cannot be read becomes zero. */
  read(to: Register, at: number, width: number, from: Register, offset: number): void {
    this.mov(3, { r: from });
    this.do('add', 3, offset);
    this.mov(1, { r: to });
    this.do('add', 1, at);
    this.mov(2, width);
    this.call('readKernel');
  }

  /** Follows pointers: `slot.pointer` holds the last one. */
  follow(from: Register, ...offsets: readonly number[]): void {
    let base = from;
    for (const offset of offsets) {
      this.read(FRAME, slot.pointer, 8, base, offset);
      this.fromStack(3, slot.pointer);
      base = 3;
    }
  }

  /** The value in register 0, zero when there is none. */
  lookup(map: MapName, key: number): void {
    this.map(1, this.maps[map]);
    this.mov(2, { r: FRAME });
    this.do('add', 2, key);
    this.call('mapLookup');
  }

  update(map: MapName, key: number, value: number): void {
    this.mov(3, { r: FRAME });
    this.do('add', 3, value);
    this.updateFrom(map, key);
  }

  /** As `update`, with the value's address in register 3. */
  updateFrom(map: MapName, key: number): void {
    this.map(1, this.maps[map]);
    this.mov(2, { r: FRAME });
    this.do('add', 2, key);
    this.mov(4, 0);
    this.call('mapUpdate');
  }

  forget(map: MapName, key: number): void {
    this.map(1, this.maps[map]);
    this.mov(2, { r: FRAME });
    this.do('add', 2, key);
    this.call('mapDelete');
  }

  /** `slot.key` names the process (or the thread). */
  keyOf(what: 'process' | 'thread'): void {
    this.call('pidTgid');
    if (what === 'process') this.do('rsh', 0, 32);
    this.toStack(slot.key, { r: 0 }, 4);
  }

  /**
   * Register 8 becomes 1 when the current process is in a watched cgroup and 2 when not; `slot.cgroup` names the cgroup. Decided
   * once per cgroup, from it to its great-grandparent: one that was born a microsecond ago is selected as surely as an old one.
   */
  select(): void {
    const [decided, walked] = [this.name('decided'), this.name('walked')];
    this.call('task');
    this.mov(TASK, { r: 0 });
    this.call('cgroupId');
    this.toStack(slot.cgroup, { r: 0 });
    this.lookup('decided', slot.cgroup);
    this.mov(8, 1);
    const known = this.name('known');
    this.when(0, 'ne', 0, known);
    this.follow(TASK, this.kernel.task.cgroups, this.kernel.cgroupSet.unified, this.kernel.cgroup.node);
    for (let depth = 0; depth < 4; depth += 1) {
      this.fromStack(3, slot.pointer);
      this.when(3, 'eq', 0, `not${walked}`);
      this.read(FRAME, slot.key, 8, 3, this.kernel.node.id);
      this.lookup('parents', slot.key);
      this.when(0, 'ne', 0, walked);
      if (this.selection.containers) this.container(depth, walked);
      this.fromStack(3, slot.pointer);
      this.read(FRAME, slot.pointer, 8, 3, this.kernel.node.parent);
    }
    this.label(`not${walked}`);
    this.mov(8, 2);
    this.label(walked);
    this.toStack(slot.value, { r: 8 }, 4);
    this.update('decided', slot.cgroup, slot.value);
    this.jump(decided);
    this.label(known);
    this.load(4, 8, 0, 0);
    this.label(decided);
  }

  /** Docker names its cgroups `docker/ID` or `docker-ID.scope`: seven bytes tell, compared as one word. */
  private container(depth: number, found: string): void {
    const word = (text: string) => Buffer.from(`${text}\0`.slice(0, 8).padEnd(8, '\0'), 'latin1').readBigUInt64LE();
    this.fromStack(3, slot.pointer);
    this.read(FRAME, slot.key, 8, 3, this.kernel.node.name);
    this.fromStack(3, slot.key);
    this.read(FRAME, slot.key, 8, 3, 0);
    this.fromStack(2, slot.key);
    this.constant(1, 0xff_ffff_ffff_ffffn);
    this.do('and', 2, { r: 1 });
    this.constant(1, word(depth === 3 ? 'docker' : 'docker-'));
    this.when(2, 'eq', { r: 1 }, found);
    if (depth === 0 || depth === 3) return;
    this.constant(1, word('docker'));
    this.when(2, 'eq', { r: 1 }, found);
  }

  onlyWatched(): void {
    this.when(8, 'ne', 1, END);
  }

  /** Ends for a process that has executed nothing inside yet; `slot.executions` tells one program of a process from the next. */
  onlyInside(): void {
    const fresh = this.name('fresh');
    this.toStack(slot.executions, 0);
    this.keyOf('process');
    this.lookup('processes', slot.key);
    this.when(0, 'eq', 0, fresh);
    this.load(4, 1, 0, 0);
    this.when(1, 'eq', 2, END);
    this.load(4, 1, 0, 4);
    this.toStack(slot.executions, { r: 1 });
    this.label(fresh);
  }

  /** Ends this program with another one, which goes on with the record; only where that fails the next step is taken. */
  handOn(to: 'directory'): void {
    this.fromStack(1, slot.context);
    this.map(2, this.maps[to]);
    this.mov(3, 0);
    this.call('tailCall');
  }

  /** Goes on with a record that another program handed on. */
  resume(): void {
    this.call('task');
    this.mov(TASK, { r: 0 });
    this.scratch();
  }

  private scratch(): void {
    this.toStack(slot.key, 0, 4);
    this.lookup('scratch', slot.key);
    this.when(0, 'eq', 0, END);
    this.mov(RECORD, { r: 0 });
  }

  /** Begins a record: register 7 leads to it. */
  begin(kind: keyof typeof kinds): void {
    const { task } = this.kernel;
    this.scratch();
    this.store(4, RECORD, head.kind, kinds[kind]);
    this.call('pidTgid');
    this.do('rsh', 0, 32);
    this.store(4, RECORD, head.pid, { r: 0 });
    this.call('ktime');
    this.store(8, RECORD, head.time, { r: 0 });
    this.follow(TASK, task.leader, task.start);
    // Clock ticks, as /proc/PID/stat has it.
    this.do('div', 3, 10_000_000);
    this.store(8, RECORD, head.start, { r: 3 });
    this.fromStack(1, slot.cgroup);
    this.store(8, RECORD, head.cgroup, { r: 1 });
    this.follow(TASK, task.parent);
    this.read(RECORD, head.parent, 4, 3, task.tgid);
    this.call('uidGid');
    this.store(4, RECORD, head.uid, { r: 0 });
    for (const at of [head.a, head.b, head.length]) this.store(8, RECORD, at, 0);
    this.mov(1, { r: RECORD });
    this.do('add', 1, head.comm);
    this.mov(2, 16);
    this.call('comm');
  }

  /** Sends the record of so many bytes; one that finds no room is counted. */
  send(length: Operand): void {
    const sent = this.name('sent');
    this.mov(3, length);
    this.map(1, this.maps.ring);
    this.mov(2, { r: RECORD });
    this.mov(4, 0);
    this.call('ringOutput');
    this.when(0, 'eq', 0, sent);
    this.toStack(slot.key, 0, 4);
    this.lookup('lost', slot.key);
    this.when(0, 'eq', 0, sent);
    this.mov(1, 1);
    this.atomicAdd(0, 0, 1);
    this.label(sent);
  }

  /** Copies the caller's text whose address is in `slot.text` to `rest`; register 9 becomes its length with the final zero. */
  userText(limit: number): void {
    const read = this.name('read');
    this.mov(1, { r: RECORD });
    this.do('add', 1, head.rest);
    this.mov(2, limit);
    this.fromStack(3, slot.text);
    this.call('readUserText');
    this.mov(9, { r: 0 });
    this.when(9, 'sgt', 0, read);
    this.store(1, RECORD, head.rest, 0);
    this.mov(9, 1);
    this.label(read);
    this.when(9, 'gt', limit, END);
  }

  /** `slot.pointer` becomes the inode and `slot.first` the file behind `slot.descriptor`; leads to `none` when it is not open. */
  file(none: string): void {
    const { files, table, file, task } = this.kernel;
    this.follow(TASK, task.files, files.table);
    this.toStack(slot.second, 0);
    this.read(FRAME, slot.second, 4, 3, table.size);
    this.fromStack(1, slot.second);
    this.fromStack(2, slot.descriptor);
    this.when(2, 'ge', { r: 1 }, none);
    this.fromStack(3, slot.pointer);
    this.follow(3, table.entries);
    this.fromStack(1, slot.descriptor);
    this.do('lsh', 1, 3);
    this.do('add', 3, { r: 1 });
    this.follow(3, 0);
    this.when(3, 'eq', 0, none);
    this.toStack(slot.first, { r: 3 });
    this.follow(3, file.inode);
    this.when(3, 'eq', 0, none);
  }

  /** Writes the part about the socket behind `slot.descriptor`; leads to `none` when it is none. */
  socket(none: string): void {
    const { inode, sock, file } = this.kernel;
    this.file(none);
    this.toStack(slot.second, 0);
    this.fromStack(3, slot.pointer);
    this.read(FRAME, slot.second, 2, 3, inode.mode);
    this.fromStack(1, slot.second);
    this.do('and', 1, 0xf000);
    this.when(1, 'ne', 0xc000, none);
    this.fromStack(3, slot.first);
    this.follow(3, file.data);
    this.when(3, 'eq', 0, none);
    this.read(RECORD, socket.type, 2, 3, this.kernel.socket.type);
    this.fromStack(3, slot.pointer);
    this.follow(3, this.kernel.socket.sock);
    this.when(3, 'eq', 0, none);
    const parts = [
      [socket.family, 2, sock.family],
      [socket.localPort, 2, sock.localPort],
      [socket.peerPort, 2, sock.peerPort],
      [socket.local4, 4, sock.local4],
      [socket.peer4, 4, sock.peer4],
      [socket.local6, 16, sock.local6],
      [socket.peer6, 16, sock.peer6],
    ] as const;
    for (const [to, width, from] of parts) {
      this.fromStack(3, slot.pointer);
      this.read(RECORD, to, width, 3, from);
    }
  }

  /** Remembers that a standard stream, as one bit in register 9, is a socket; leads to `known` when it was known. */
  newStream(known: string): void {
    const found = this.name('found');
    this.keyOf('process');
    this.lookup('processes', slot.key);
    this.when(0, 'ne', 0, found);
    this.toStack(slot.entry, 0, 4);
    this.toStack(slot.entry + 4, 0, 4);
    this.toStack(slot.entry + 8, 0, 4);
    this.update('processes', slot.key, slot.entry);
    this.lookup('processes', slot.key);
    this.when(0, 'eq', 0, known);
    this.label(found);
    this.load(4, 1, 0, 8);
    this.when(1, 'set', { r: 9 }, known);
    this.do('or', 1, { r: 9 });
    this.store(4, 0, 8, { r: 1 });
  }

  /** Goes on for TCP and UDP sockets alone; of unix sockets runtimes use pairs as pipes. */
  onlyInternet(none: string): void {
    const yes = this.name('internet');
    this.load(2, 1, RECORD, socket.family);
    this.when(1, 'eq', 2, yes);
    this.when(1, 'ne', 10, none);
    this.label(yes);
  }
}
