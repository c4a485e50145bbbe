/** Every target, in the order in which they are listed. A new one is a folder of the same shape and a line here. */
import { compose } from './compose/index.js';
import { docker } from './docker/index.js';
import { kubernetes } from './kubernetes/index.js';
import { mosquitto } from './mosquitto/index.js';
import { nats } from './nats/index.js';
import { nftables } from './nftables/index.js';
import { seccomp } from './seccomp/index.js';
import { systemd } from './systemd/index.js';
import type { Target } from './target.js';

export const compilers: readonly Target[] = [seccomp, nftables, docker, compose, systemd, kubernetes, nats, mosquitto];
