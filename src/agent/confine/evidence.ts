import { type CodeFile, codeDifference } from '../../identity/index.js';
import type { EvidenceSource } from '../../respond/index.js';
import type { Hands, Target } from './hands.js';

export interface EvidenceOptions {
  readonly hands: Hands;
  readonly target: Target;
  readonly codeDirectory: string | null;
  /** Files as they were when the digest was attested; null when they were not kept. */
  readonly cleanFiles: readonly CodeFile[] | null;
  /** Bytes of memory kept of one process. */
  readonly maxMemoryBytes?: number;
  /** Observations of before and after, logs, plan and audit excerpts: whatever the agent and control plane add. */
  readonly more: readonly EvidenceSource[];
}

const maxProcesses = 64;

/** Asked once, told in two files: what a container printed is its own and stands apart from facts. */
function containerSources({ containers }: Hands, target: Target): EvidenceSource[] {
  if (containers === null) return [];
  const asked = containers.evidence(target);
  asked.catch(() => {}); // said by each that waits for it
  return [
    {
      what: 'container and files that differ from its image',
      path: 'container.json',
      gather: async () => {
        const { logs: _, ...facts } = await asked;
        return `${JSON.stringify(facts, null, 2)}\n`;
      },
    },
    {
      what: 'output of the container',
      path: 'logs/container.log',
      gather: async () => Buffer.from((await asked).logs, 'base64'),
    },
  ];
}

/** What is gathered of a paused workload; the order is that of volatility (RFC 3227, 2.1): memory first, files last. */
export async function evidenceSources(options: EvidenceOptions): Promise<EvidenceSource[]> {
  const { hands, target, codeDirectory, cleanFiles } = options;
  const processes = (await hands.processes(target)).slice(0, maxProcesses);
  const code: EvidenceSource[] =
    codeDirectory === null
      ? []
      : [
          {
            what: cleanFiles === null ? 'files of the code directory' : 'files that differ from the approved code',
            path: 'code.json',
            gather: async () => {
              const { digest, files, flaw } = await hands.codeTree(target, codeDirectory);
              const found = cleanFiles === null ? { files } : codeDifference(cleanFiles, files);
              return `${JSON.stringify({ codeDirectory, digest, flaw, ...found }, null, 2)}\n`;
            },
          },
        ];
  return [
    ...processes.map(
      (one): EvidenceSource => ({
        what: `memory of process ${one.pid}`,
        path: `processes/${one.pid}.memory`,
        gather: async (file) => {
          const copy = await hands.readMemory(target, one, file, options.maxMemoryBytes ?? 512 << 20);
          if (copy.regions === 0) throw new Error(`none of ${copy.skipped} regions could be read`);
          return 'written';
        },
      }),
    ),
    ...processes.map(
      (one): EvidenceSource => ({
        what: `facts of process ${one.pid}: maps, descriptors, sockets, names of environment variables`,
        path: `processes/${one.pid}.json`,
        gather: async () => `${JSON.stringify(await hands.describe(target, one), null, 2)}\n`,
      }),
    ),
    ...options.more,
    ...(target.prepared.rung === 'docker' ? containerSources(hands, target) : code),
  ];
}
