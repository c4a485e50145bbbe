import { codeOf, systemClock, TricordonError } from '../../base/index.js';
import {
  checkContract,
  type ClauseFinding,
  contractSet,
  documentDigest,
  lintContracts,
  type SetDocument,
} from '../../contract/index.js';
import { type Command, exitCode } from '../command.js';
import { readContractFiles } from '../contract-files.js';

interface Row {
  readonly file: string;
  readonly kind: string | null;
  readonly name: string | null;
  readonly digest: string | null;
  readonly problems: readonly { readonly level: 'error' | 'warning'; readonly message: string }[];
}

/** Files one by one, then as a set. Exit 2 when something in them cannot be held; warnings are told, and are none of it. */
export const command: Command = async (invocation) => {
  const { output } = invocation;
  const rows: Row[] = [];
  const sets: SetDocument[] = [];
  for (const path of invocation.arguments) {
    const { documents, problems } = await readContractFiles(path);
    for (const { file, message } of problems)
      rows.push({ file, kind: null, name: null, digest: null, problems: [{ level: 'error', message }] });
    for (const { file, document } of documents) {
      sets.push({ file, document });
      rows.push({
        file,
        kind: document.kind,
        name: document.kind === 'Contract' ? document.service : document.name,
        digest: documentDigest(document),
        problems: checkContract(document).map(({ level, message }) => ({ level, message })),
      });
    }
  }
  rows.sort((one, other) => (one.file < other.file ? -1 : 1));
  const { problems: together, findings } = asSet(sets);
  const errors =
    together.length + rows.flatMap(({ problems }) => problems.filter(({ level }) => level === 'error')).length;
  output.result({ schemaVersion: 1, ok: errors === 0, files: rows, set: together, findings }, () =>
    [
      ...rows.flatMap(({ file, kind, name, digest, problems }) => [
        ...(kind === null ? [] : [`${output.style('ok', 'read')}   ${file}: ${kind} ${name} ${digest?.slice(0, 19)}`]),
        ...problems.map(
          ({ level, message }) => `${output.style(level === 'error' ? 'bad' : 'warn', level)}  ${message}`,
        ),
      ]),
      ...findings.map(
        ({ service, clause, message }) =>
          `${output.style('warn', 'warning')}  ${service}: clause \`${clause}\`: ${message}`,
      ),
      ...together.map((message) => `${output.style('bad', 'error')}  ${message}`),
      errors === 0
        ? `${rows.length} file${rows.length === 1 ? '' : 's'}: nothing that cannot be held`
        : `${errors} errors`,
    ].join('\n'),
  );
  return errors === 0 ? exitCode.done : exitCode.found;
};

/** What only shows between files: bases that are not there, documents that contradict each other, clauses without effect. */
function asSet(documents: readonly SetDocument[]): {
  readonly problems: readonly string[];
  readonly findings: readonly ClauseFinding[];
} {
  const problems: string[] = [];
  let findings: readonly ClauseFinding[] = [];
  const attempt = (work: () => void) => {
    try {
      work();
    } catch (error) {
      if (!(error instanceof TricordonError) || codeOf(error) === undefined) throw error;
      problems.push(error.hint === undefined ? error.message : `${error.message}; ${error.hint}`);
    }
  };
  attempt(() => {
    const set = contractSet(documents);
    for (const service of set.services) attempt(() => void set.member(service));
    if (problems.length === 0) findings = lintContracts(set, systemClock.now());
  });
  return { problems, findings };
}
