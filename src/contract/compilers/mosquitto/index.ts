import type { Target } from '../target.js';
import { compile } from './compile.js';
import { read } from './read.js';

export const mosquitto: Target = {
  name: 'mosquitto',
  summary: 'an ACL file for Mosquitto 2.0, whose users are the common names of certificates',
  compile,
  read,
};
