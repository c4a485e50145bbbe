import type { Target } from '../target.js';
import { compile } from './compile.js';
import { read } from './read.js';

export const compose: Target = {
  name: 'compose',
  summary: 'a second Compose file and a seccomp profile; the Engine and the kernel hold them',
  compile,
  read,
};
