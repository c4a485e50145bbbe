import { expect, test } from 'vitest';
import type { Invocation } from '../command.js';
import { command } from '../commands/key-rotate.js';
import { createOutput } from '../output/output.js';

const asked = (key: string, options: Invocation['options']) =>
  command({ arguments: [key], options, output: createOutput(true) });

test('what excludes each other, and what is no key, is refused before anybody is asked', async () => {
  const wrong: readonly [string, Invocation['options'], string][] = [
    ['ca', { status: true, finish: true }, '`--status` and `--finish` exclude each other'],
    ['ca', { finish: true, abort: true }, '`--finish` and `--abort` exclude each other'],
    ['ca', { force: true, status: true }, '`--force` says nothing beside `--status`'],
    ['ca', { force: true, abort: true }, '`--force` says nothing beside `--abort`'],
    ['moon', {}, 'there is no rotation of a key `moon`'],
    ['constructor', {}, 'there is no rotation of a key `constructor`'],
  ];
  for (const [key, options, message] of wrong)
    await expect(asked(key, options), message).rejects.toMatchObject({ code: 'usage', message });
});

test('without an installation it says that nothing runs', async () => {
  for (const options of [{}, { status: true }, { finish: true, force: true }, { abort: true }])
    await expect(asked('ca', { ...options, dataDir: '/nonexistent/tricordon' })).rejects.toMatchObject({
      code: 'not-running',
    });
});
