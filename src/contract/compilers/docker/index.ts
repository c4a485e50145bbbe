import type { Target } from '../target.js';
import { compile } from './compile.js';
import { read } from './read.js';

export const docker: Target = {
  name: 'docker',
  summary: 'a script with the flags of `docker run` and a seccomp profile; the Engine and the kernel hold them',
  compile,
  read,
};
