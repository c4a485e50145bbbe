import type { Target } from '../target.js';
import { compile } from './compile.js';
import { read } from './read.js';

export const nftables: Target = {
  name: 'nftables',
  summary: 'a table of nftables for the network namespace or the account of the service; the kernel holds it',
  compile,
  read,
};
