import { directBpf } from '../../../src/sensor/index.js';
import { requires } from '../../requires.js';
import { kernelStories } from './kernel-stories.js';
import { world } from './world.js';

const it = await requires('root', 'python');

const here = world('bpf', directBpf({ isRoot: true }));
kernelStories(it, 'bpf', here);
