import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Invocation } from './command.js';
import { command as explain } from './commands/config-explain.js';
import { isNamed, locate } from './installation.js';
import { createOutput } from './output/output.js';
import { namedFlags } from './setting-flags.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tset-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true, force: true });
});

function invoke(options: Invocation['options'], file = ''): Invocation & { warnings: string[] } {
  const config = join(directory, 'tricordon.yaml');
  writeFileSync(config, file);
  const warnings: string[] = [];
  const output = { ...createOutput(false), warn: (line: string) => void warnings.push(line) };
  return { arguments: [], options: { config, ...options }, output, warnings };
}

test('the directories obey the same precedence by each of their names', () => {
  const file = 'dataDir: /file';
  expect(locate(invoke({}, file)).dataDir).toBe('/file');
  vi.stubEnv('TRICORDON_DATA_DIR', '/variable');
  expect(locate(invoke({}, file)).dataDir).toBe('/variable');
  expect(locate(invoke({ dataDir: '/option' }, file)).dataDir).toBe('/option');
  expect(locate(invoke({ set: ['dataDir=/set'] }, file)).dataDir).toBe('/set');
  expect(locate(invoke({ set: ['dataDir=/set'] }, file)).runtimeDir).toBe('/set/run');
  expect(() => namedFlags(invoke({ dataDir: '/a', set: ['dataDir=/b'] }))).toThrow('is given twice');
});

test('an installation that is named by any of them is meant, whoever is signed in', () => {
  expect(isNamed(invoke({}, 'dataDir: /file'))).toBe(false);
  expect(isNamed(invoke({ set: ['dataDir=/x'] }))).toBe(true);
  vi.stubEnv('TRICORDON_DATA_DIR', '/variable');
  expect(isNamed(invoke({}))).toBe(true);
});

test.each([
  [['host'], 'sets nothing'],
  [['=x'], 'sets nothing'],
  [['hots=x'], 'there is no setting `hots`'],
  [['services=[]'], '`services` is set in the file alone'],
  [['console={}'], '`console` is set in the file alone'],
  [['host=a', 'host=b'], '`host` is given twice'],
])('refuses --set %j', (set, message) => {
  expect(() => locate(invoke({ set }))).toThrow(message);
});

test('a bad value says which of the sources gave it', () => {
  expect(() => locate(invoke({ set: ['console.listen=here'] }))).toThrow('(given by --set console.listen)');
  vi.stubEnv('TRICORDON_SPOOL__MAX_DAYS', 'soon');
  expect(() => locate(invoke({}))).toThrow('(given by TRICORDON_SPOOL__MAX_DAYS)');
});

test('a variable that means nothing is warned of, and one that was meant for a key is refused', () => {
  vi.stubEnv('TRICORDON_HOTS', 'x');
  vi.stubEnv('TRICORDON_LOG_LEVEL', 'debug');
  const one = invoke({});
  locate(one);
  expect(one.warnings).toEqual(['the variable `TRICORDON_HOTS` means nothing, did you mean `TRICORDON_HOST`?']);
  vi.stubEnv('TRICORDON_APPROVAL__FOUR_EYE', 'true');
  expect(() => locate(invoke({}))).toThrow('did you mean `TRICORDON_APPROVAL__FOUR_EYES`?');
});

test('a password is taken from the file alone, and shown from nowhere', async () => {
  const url = 'postgresql://us:hunter2@db/x';
  vi.stubEnv('TRICORDON_DATABASE__URL', url);
  expect(() => locate(invoke({}))).toThrow('gives `database.url` a password');
  vi.unstubAllEnvs();
  expect(() => locate(invoke({ set: [`database.url=${url}`] }))).toThrow('gives `database.url` a password');
  const shown: string[] = [];
  const asked = invoke({ set: ['database.url=postgresql://us@other/x'] }, `database: { url: '${url}' }`);
  const output = {
    ...asked.output,
    result: (value: unknown, human: () => string) => void shown.push(JSON.stringify(value), human()),
  };
  await explain({ ...asked, arguments: ['database.url'], output });
  expect(shown.join('')).not.toContain('hunter2');
  expect(shown[1]).toContain('now "postgresql://us@other/x"  by --set database.url');
  expect(shown[1]).toContain(`instead of "postgresql://us:[redacted]@db/x" by ${asked.options['config']}`);
  expect(JSON.parse(shown[0] ?? '').keys[0]).toMatchObject({ source: 'flag', variable: 'TRICORDON_DATABASE__URL' });
});

test('a path that was typed is relative to where it was typed', () => {
  const { configuration } = locate(invoke({ set: ['identity.passphraseFile=pass'] }));
  expect(configuration.identity.passphraseFile).toBe(join(process.cwd(), 'pass'));
  expect(locate(invoke({}, 'identity: { passphraseFile: pass }')).configuration.identity.passphraseFile).toBe('pass');
});
