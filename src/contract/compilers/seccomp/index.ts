import type { Target } from '../target.js';
import { compile } from './compile.js';
import { read } from './read.js';

export const seccomp: Target = {
  name: 'seccomp',
  summary: 'a seccomp profile for OCI runtimes; the kernel refuses system calls',
  compile,
  read,
};
