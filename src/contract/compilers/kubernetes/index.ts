import type { Target } from '../target.js';
import { compile } from './compile.js';
import { read } from './read.js';

export const kubernetes: Target = {
  name: 'kubernetes',
  summary: 'a NetworkPolicy, a patch of the pod template and a seccomp profile; the cluster holds them',
  compile,
  read,
};
