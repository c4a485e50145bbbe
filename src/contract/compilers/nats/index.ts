import type { Target } from '../target.js';
import { compile } from './compile.js';
import { read } from './read.js';

export const nats: Target = {
  name: 'nats',
  summary: 'permissions of one user for nats-server, who is known by the SPIFFE ID of its certificate',
  compile,
  read,
};
