import type { Target } from '../target.js';
import { compile } from './compile.js';
import { read } from './read.js';

export const systemd: Target = {
  name: 'systemd',
  summary: 'a drop-in for the unit of the service; systemd and the kernel hold it',
  compile,
  read,
};
