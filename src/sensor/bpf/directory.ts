/** In the kernel, so that it is exact for what lives a millisecond: the directory a relative name starts from. */
import type { KernelLayout } from './layout.js';
import { handed, head, nameBytes, recordBytes, workingDirectory } from './record.js';
import { slot } from './stack.js';
import type { Writer } from './writer.js';

/** Steps towards the root: names and mounts. */
const steps = 32;

/** For a name that is relative: `slot.dentry` and `slot.mount` become where it starts; zero for others. */
export function startOfName(w: Writer, { task, fs, path, file }: KernelLayout): void {
  const [found, working] = [w.name('found'), w.name('working')];
  w.toStack(slot.dentry, 0);
  w.load(1, 1, 7, head.rest);
  w.when(1, 'eq', '/'.charCodeAt(0), found);
  w.fromStack(1, slot.directory, 4);
  w.do('lsh', 1, 32);
  w.do('arsh', 1, 32);
  w.when(1, 'eq', workingDirectory, working);
  w.toStack(slot.descriptor, { r: 1 });
  w.file(found);
  w.fromStack(3, slot.first);
  w.follow(3, file.path + path.dentry);
  w.toStack(slot.dentry, { r: 3 });
  w.fromStack(3, slot.first);
  w.follow(3, file.path + path.mount);
  w.toStack(slot.mount, { r: 3 });
  w.jump(found);
  w.label(working);
  w.follow(6, task.fs);
  w.toStack(slot.first, { r: 3 });
  w.follow(3, fs.pwd + path.dentry);
  w.toStack(slot.dentry, { r: 3 });
  w.fromStack(3, slot.first);
  w.follow(3, fs.pwd + path.mount);
  w.toStack(slot.mount, { r: 3 });
  w.label(found);
}

/**
 * Sends a record with a path, register 9 counting the bytes of its texts. Where it is relative, a program of its own adds the names
 * first: the kernel's verifier follows every way through a program, and one loop behind all those ways would be too many.
 */
export function sendWithDirectory(w: Writer): void {
  const plain = w.name('plain');
  w.fromStack(1, slot.dentry);
  w.when(1, 'eq', 0, plain);
  w.store(8, 7, handed.dentry, { r: 1 });
  w.fromStack(1, slot.mount);
  w.store(8, 7, handed.mount, { r: 1 });
  w.store(8, 7, handed.bytes, { r: 9 });
  w.handOn('directory');
  w.label(plain);
  w.do('add', 9, head.rest);
  w.send({ r: 9 });
}

/** Appends the names from there up to the root, each with its final zero; the record says when all of them were found. */
export function directoryProgram(w: Writer, { task, fs, path, dentry, mount }: KernelLayout): Buffer {
  const [loop, up, done, whole] = [w.name('loop'), w.name('up'), w.name('done'), w.name('whole')];
  const inside = mount.inside;
  w.resume();
  w.follow(6, task.fs);
  w.toStack(slot.first, { r: 3 });
  w.follow(3, fs.root + path.dentry);
  w.toStack(slot.rootDentry, { r: 3 });
  w.fromStack(3, slot.first);
  w.follow(3, fs.root + path.mount);
  w.toStack(slot.rootMount, { r: 3 });
  w.mov(6, 0);
  w.label(loop);
  // All that changes is read anew: then to the verifier every turn looks alike.
  w.load(8, 9, 7, handed.bytes);
  w.when(9, 'gt', recordBytes - head.rest - 2 * nameBytes, 'end');
  w.load(8, 1, 7, handed.dentry);
  w.toStack(slot.dentry, { r: 1 });
  w.load(8, 1, 7, handed.mount);
  w.toStack(slot.mount, { r: 1 });
  w.when(6, 'ge', steps, done);
  w.do('add', 6, 1);
  w.fromStack(1, slot.dentry);
  w.fromStack(2, slot.rootDentry);
  w.when(1, 'ne', { r: 2 }, up);
  w.fromStack(1, slot.mount);
  w.fromStack(2, slot.rootMount);
  w.when(1, 'eq', { r: 2 }, whole);
  w.label(up);
  w.fromStack(3, slot.mount);
  w.follow(3, mount.root);
  const within = w.name('within');
  w.fromStack(1, slot.dentry);
  w.when(1, 'ne', { r: 3 }, within);
  // The top of what is mounted here: on where it is mounted.
  w.fromStack(3, slot.mount);
  w.do('sub', 3, inside);
  w.toStack(slot.first, { r: 3 });
  w.follow(3, mount.point);
  w.store(8, 7, handed.dentry, { r: 3 });
  w.fromStack(3, slot.first);
  w.follow(3, mount.parent);
  w.fromStack(1, slot.first);
  w.when(3, 'eq', { r: 1 }, whole);
  w.do('add', 3, inside);
  w.store(8, 7, handed.mount, { r: 3 });
  w.jump(loop);
  w.label(within);
  w.fromStack(3, slot.dentry);
  w.follow(3, dentry.name);
  w.mov(1, { r: 7 });
  w.do('add', 1, { r: 9 });
  w.do('add', 1, head.rest);
  w.mov(2, nameBytes);
  w.call('readKernelText');
  w.when(0, 'sle', 0, done);
  w.when(0, 'gt', nameBytes, done);
  w.do('add', 9, { r: 0 });
  w.store(8, 7, handed.bytes, { r: 9 });
  w.fromStack(3, slot.dentry);
  w.follow(3, dentry.parent);
  w.fromStack(1, slot.dentry);
  w.when(3, 'eq', { r: 1 }, done);
  w.store(8, 7, handed.dentry, { r: 3 });
  w.jump(loop);
  w.label(whole);
  w.store(4, 7, head.whole, 1);
  w.label(done);
  w.do('add', 9, head.rest);
  w.send({ r: 9 });
  return w.finish();
}
