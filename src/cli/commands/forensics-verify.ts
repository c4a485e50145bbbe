import { readFileSync, statSync } from 'node:fs';
import { type BundleKey, verifyBundle } from '../../respond/index.js';
import type { EvidenceAnswer, EvidenceKeys } from '../../server/index.js';
import { openApi, readAccess } from '../api.js';
import { CliError, type Command, exitCode, text } from '../command.js';
import { locate } from '../installation.js';

/** Exit 2 if anything is missing, changed, added or not signed. */
export const command: Command = async (invocation) => {
  const { output } = invocation;
  const bundle = invocation.arguments[0] ?? '';
  const { dataDir } = locate(invocation);
  if (!isDirectory(bundle)) {
    const { evidence, signedBy } = await openApi(readAccess(dataDir)).get<EvidenceAnswer>(
      `/v1/evidence/${encodeURIComponent(bundle)}`,
    );
    const ok = evidence.verified === 'ok';
    const key = signedBy?.id ?? null;
    output.result({ schemaVersion: 1, id: evidence.id, ok, signedBy: key, problems: evidence.problems }, () =>
      sentence(evidence.id, ok, evidence.problems, evidence.files, key),
    );
    return ok ? exitCode.done : exitCode.found;
  }
  const key = text(invocation, 'key');
  const keys: readonly (BundleKey & { readonly id?: string })[] =
    key === undefined ? (await openApi(readAccess(dataDir)).get<EvidenceKeys>('/v1/evidence-key')).keys : readKeys(key);
  const verdict = await verifyBundle(bundle, keys);
  const problems = verdict.problems.map((problem) => `${problem.path}: ${problem.message}`);
  const signedBy = verdict.signedBy?.id ?? null;
  output.result({ schemaVersion: 1, id: verdict.manifest?.id ?? null, ok: verdict.ok, signedBy, problems }, () =>
    sentence(bundle, verdict.ok, problems, verdict.manifest?.files.length ?? 0, signedBy),
  );
  return verdict.ok ? exitCode.done : exitCode.found;
};

function sentence(
  name: string,
  ok: boolean,
  problems: readonly string[],
  files: number,
  signedBy: string | null,
): string {
  return ok
    ? `${name}: signed${signedBy === null ? '' : ` by key ${signedBy.slice(0, 16)}`}, ${files} files unchanged`
    : [`${name}: NOT as it was collected`, ...problems.map((problem) => `  ${problem}`)].join('\n');
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** One public key after the other; each counts, whenever it signed. */
function readKeys(path: string): readonly BundleKey[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new CliError('usage', `cannot read the key \`${path}\``, { cause: error, hint: 'give a public key in PEM' });
  }
  const blocks = text.match(/-----BEGIN [A-Z ]+-----[^-]+-----END [A-Z ]+-----/g);
  return (blocks ?? [text]).map((publicKey) => ({ publicKey }));
}
