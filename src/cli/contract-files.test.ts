import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { goodContractFiles, readContractFiles } from './contract-files.js';
import { jsonLines } from './json-lines.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tc-contracts-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const good = (service: string) =>
  `apiVersion: tricordon/v1\nkind: Contract\nservice: ${service}\nmode: {runtime: off, network: off, api: off}\n`;
const put = (name: string, content: string | Buffer) => writeFileSync(join(folder, name), content);

test('reads what looks like a contract, names what is none with line and column, and follows no link', async () => {
  mkdirSync(join(folder, 'sub'));
  put('a.yaml', good('a'));
  put('sub/b.json', JSON.stringify({ apiVersion: 'tricordon/v1', kind: 'Bound', name: 'b' }));
  put('bad.yml', `${good('c')}api: {serves: [{id: x, method: [GET]}]}\n`);
  put('binary.yaml', Buffer.from([0xff, 0xfe, 0x00, 0x41]));
  put('notes.txt', 'nothing of ours');
  put('.hidden.yaml', 'x');
  symlinkSync('/etc/passwd', join(folder, 'link.yaml'));
  const { documents, problems } = await readContractFiles(folder);
  expect(documents.map(({ document }) => document.kind)).toEqual(['Contract', 'Bound']);
  expect(problems.map(({ file }) => file.slice(folder.length + 1))).toEqual(['bad.yml', 'binary.yaml']);
  expect(problems[0]?.message).toMatch(/line 5, column \d+: .*did you mean `methods`/s);
  expect(problems[1]?.message).toContain('not UTF-8');
  await expect(goodContractFiles(folder)).rejects.toMatchObject({ code: 'refused' });
});

test('a place without contracts is told', async () => {
  for (const path of [folder, join(folder, 'none')])
    await expect(readContractFiles(path)).rejects.toMatchObject({ code: 'usage' });
});

test('a mistyped kind, value or key names what was meant', async () => {
  put('a.yaml', good('a').replace('Contract', 'Contrakt'));
  put('b.yaml', good('b').replace('api: off', 'api: enforced'));
  put('c.yaml', good('c').replace('service: c', 'service: [c]'));
  const { problems } = await readContractFiles(folder);
  expect(problems.map(({ message }) => message.replace(/^`[^`]*` /, ''))).toEqual([
    expect.stringMatching(/^line 2, column 7: `kind`: expected one of .* found `Contrakt`; did you mean `Contract`\?$/),
    expect.stringMatching(/^line 4, .*`mode.api`: expected one of .* found `enforced`; did you mean `enforce`\?$/),
    expect.stringMatching(/^line 3, .*`service`: expected text, found a list$/),
  ]);
});

test('lines that are too long, not UTF-8 or not JSON are problems, and the next ones go on', async () => {
  const long = Buffer.alloc(3 << 20, 0x20);
  const path = join(folder, 'rows');
  writeFileSync(
    path,
    Buffer.concat([
      Buffer.from('{"a":1}\n\n  \nnot json\n'),
      Buffer.from([0xc3, 0x28, 0x0a]),
      long,
      Buffer.from('\n{"b":"ü"}'),
    ]),
  );
  const seen = [];
  for await (const line of jsonLines(path)) seen.push('problem' in line ? line.problem : line.value);
  expect(seen).toEqual([{ a: 1 }, 'is not JSON', 'is not UTF-8', 'is longer than 1 MiB', { b: 'ü' }]);
  await expect(
    (async () => {
      for await (const _line of jsonLines(join(folder, 'none')));
    })(),
  ).rejects.toMatchObject({ code: 'usage' });
});
