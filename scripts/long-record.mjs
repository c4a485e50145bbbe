// Writes what the long tests gave into test/LONG.md: date, machine, commit, and one line per case with its outcome.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { relative } from 'node:path';

const target = 'test/LONG.md';

/** @param report vitest's JSON report; a test says its outcome in `task.meta.outcome` */
export function recordLong(report) {
  const lines = [
    '# Long tests: last result',
    '',
    'Made by `npm run test:long -- --record`. What CI has no time for: each process of the demo killed (`kill -9`) in the middle',
    'of it, as root and as an ordinary user. A demo holds, or ends with an error that says why; it never hangs, and the next command',
    'finds everything removed. And a busy week in small quotas.',
    '',
    `${new Date(report.startTime).toISOString().slice(0, 10)}, Node ${process.version}, commit ${commit()}, ${machine()}.`,
  ];
  for (const file of report.testResults) {
    lines.push(
      '',
      `## ${relative('test', file.name)}`,
      '',
      '| case | result | time | how it ended |',
      '| --- | --- | --- | --- |',
    );
    for (const { title, status, duration, meta } of file.assertionResults)
      lines.push(
        `| ${cell(title.split(':')[0])} | ${status} | ${((duration ?? 0) / 1_000).toFixed(0)} s | ${cell(meta?.outcome ?? '')} |`,
      );
  }
  const { numPassedTests, numFailedTests, numPendingTests } = report;
  lines.push('', `${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped`, '');
  writeFileSync(target, lines.join('\n'));
  process.stdout.write(`\nwritten: ${target}\n`);
}

function commit() {
  const git = (...words) => execFileSync('git', words, { encoding: 'utf8' }).trim();
  try {
    const changed = git('status', '--porcelain', '--', 'src', 'test', 'examples', ':!test/LONG.md') !== '';
    return `${git('rev-parse', '--short=10', 'HEAD')}${changed ? ' with changes' : ''}`;
  } catch {
    return 'unknown';
  }
}

function machine() {
  return `${process.platform} ${process.arch}, ${cpus().length} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GiB`;
}

function cell(text) {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
