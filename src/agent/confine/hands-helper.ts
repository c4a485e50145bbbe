import type { HelperClient } from '../helper/client.js';
import type { Hands } from './hands.js';

/** Asks the privileged helper, which checks everything again. */
export function helperHands(helper: Pick<HelperClient, 'ask'>): Hands {
  return {
    name: 'helper',
    processes: ({ prepared }) => helper.ask('processes', { prepared }),
    pause: async ({ prepared }) => (await helper.ask('pause', { prepared })).processes,
    resume: async ({ prepared }) => (await helper.ask('resume', { prepared })).processes,
    kill: async ({ prepared }) => (await helper.ask('kill', { prepared })).processes,
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
