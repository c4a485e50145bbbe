import type { HelperClient } from '../helper/client.js';
import type { Hands } from './hands.js';

/** Asks the privileged helper, which checks everything again. */
export function helperHands(helper: Pick<HelperClient, 'ask'>): Hands {
  return {
    name: 'helper',
    processes: ({ prepared, process: command }) => helper.ask('processes', { prepared, command }),
    pause: async ({ prepared, process: command }) => (await helper.ask('pause', { prepared, command })).processes,
    resume: async ({ prepared, process: command }) => (await helper.ask('resume', { prepared, command })).processes,
    kill: async ({ prepared, process: command }) => (await helper.ask('kill', { prepared, command })).processes,
    isolate: async ({ prepared }) => {
      await helper.ask('isolate', { prepared });
    },
    rejoin: async ({ prepared }) => {
      await helper.ask('rejoin', { prepared });
    },
    describe: ({ prepared }, process) => helper.ask('process.describe', { prepared, process }),
    readMemory: ({ prepared }, process, into, maxBytes) =>
      helper.ask('memory.read', { prepared, process, into, maxBytes }, 600_000),
    codeTree: ({ prepared }, directory) => helper.ask('code.digest', { prepared, directory }, 120_000),
    containers: {
      attest: ({ prepared }, process) => helper.ask('container.attest', { prepared, process }),
      evidence: ({ prepared }) => helper.ask('container.evidence', { prepared }, 120_000),
    },
  };
}
