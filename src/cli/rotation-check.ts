/** A change of the root that somebody began and that waits for something. */
import { join } from 'node:path';
import { z } from 'zod';
import { codeOf, openPlainFile } from '../base/index.js';
import type { CertificateCheck } from './certificate-checks.js';

const day = 86_400_000;
const largest = 65_536;

/** Of the file in which the control plane keeps it; nothing else in it is of interest here. */
const Rotation = z.discriminatedUnion('phase', [
  z.looseObject({ phase: z.literal('none') }),
  z.looseObject({ phase: z.literal('announced'), at: z.number() }),
  z.looseObject({ phase: z.literal('switched'), leavesEnd: z.number() }),
  z.looseObject({ phase: z.enum(['switching', 'finishing', 'aborting']) }),
]);

/** Nothing where no change is under way. @param now ms since 1970 */
export async function rotationChecks(dataDir: string, now: number): Promise<CertificateCheck[]> {
  const about = { name: 'rotation', category: 'keys', title: 'change of the root', notAfter: null } as const;
  const fix = 'see `tricordon key rotate ca --status`';
  try {
    const state = Rotation.parse(JSON.parse(await textOf(join(dataDir, 'keys/ca/rotation.json'))));
    switch (state.phase) {
      case 'none':
        return [];
      case 'announced': {
        const since = `a new root is announced since ${at(state.at)}`;
        if (now - state.at < day) return [{ ...about, status: 'ok', detail: since }];
        return [{ ...about, status: 'warn', detail: `${since}: hosts do not trust it yet`, fix }];
      }
      case 'switched': {
        const until = `the old root is trusted until ${at(state.leavesEnd)}`;
        if (now < state.leavesEnd + day) return [{ ...about, status: 'ok', detail: until }];
        return [{ ...about, status: 'warn', detail: `${until}, and is still there`, fix: 'start `tricordon up`' }];
      }
      default:
        return [{ ...about, status: 'warn', detail: `it stopped while ${state.phase}`, fix: 'start `tricordon up`' }];
    }
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    if (code === 'EACCES') return [{ ...about, status: 'warn', detail: 'cannot be read', fix: 'use sudo' }];
    return [
      { ...about, status: 'warn', detail: 'it is not known where it stands', fix: 'restore `keys/ca` from a backup' },
    ];
  }
}

/** Of an account that is not ours, perhaps: nothing is followed or waited for. */
async function textOf(path: string): Promise<string> {
  const { file, facts } = await openPlainFile(path);
  try {
    return facts.size > largest ? '' : await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

function at(time: number): string {
  return `${new Date(time).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
