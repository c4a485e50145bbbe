import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { exec } from '../../base/index.js';
import { findAccount } from './accounts.js';
import { productionPackages, secureProgram, weakness } from './program-tree.js';

const asRoot = test.runIf(process.getuid?.() === 0);
let home: string;
let node: string;
let root: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'tc-prog-'));
  chmodSync(home, 0o755);
  root = join(home, 'app');
  node = join(home, 'node');
  mkdirSync(join(root, 'dist'), { recursive: true });
  mkdirSync(join(root, 'node_modules/good'), { recursive: true });
  mkdirSync(join(root, 'node_modules/tool'), { recursive: true });
  for (const name of ['dist/main.js', 'node_modules/good/index.js', 'node_modules/tool/index.js', 'package.json']) {
    writeFileSync(join(root, name), name);
    chmodSync(join(root, name), 0o644);
  }
  writeFileSync(node, 'node');
  chmodSync(node, 0o755);
  const packages = {
    '': {},
    'node_modules/good': {},
    'node_modules/tool': { dev: true },
    'node_modules/absent': {},
    '../evil': {},
  };
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages }));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

describe('the program tree', () => {
  test('counts the installed packages that are not for development', () => {
    expect(productionPackages(root)).toEqual(['node_modules/good']);
  });

  asRoot('runs where it lies when only root can change it', () => {
    expect(weakness(root, node)).toBeNull();
    expect(secureProgram(root, node, join(home, 'data/program')).copiedBecause).toBeNull();
  });

  asRoot.each(['dist/main.js', 'dist', 'node_modules/good/index.js', 'package.json', '.'])(
    'is copied when others can write %s',
    (name) => {
      chmodSync(join(root, name), 0o777);
      const program = secureProgram(root, node, join(home, 'data/program'));
      expect(program.copiedBecause).toContain('can be written by others');
      expect(readFileSync(join(program.programDir, 'dist/main.js'), 'utf8')).toBe('dist/main.js');
      expect(existsSync(join(program.programDir, 'node_modules/tool'))).toBe(false);
      expect(weakness(program.programDir, program.nodePath)).toBeNull();
      expect(statSync(program.nodePath).mode & 0o777).toBe(0o755);
      // Asked again, it is the same copy.
      expect(secureProgram(root, node, join(home, 'data/program')).programDir).toBe(program.programDir);
    },
  );

  asRoot('is copied when our accounts cannot read it', () => {
    chmodSync(root, 0o700);
    expect(secureProgram(root, node, join(home, 'data/program')).copiedBecause).toContain('cannot be entered');
  });

  asRoot('is refused when the copy would lie where others can change it', () => {
    chmodSync(join(root, 'dist'), 0o777);
    mkdirSync(join(home, 'open'));
    chmodSync(join(home, 'open'), 0o777);
    expect(() => secureProgram(root, node, join(home, 'open/program'))).toThrow(
      expect.objectContaining({ code: 'unsafe-program' }),
    );
  });

  asRoot.each(['/etc', '..', '.', '../node_modules/good', 'nothing', '/'])('does not trust a link to %s', (target) => {
    symlinkSync(target, join(root, 'dist/link'));
    expect(weakness(root, node)).toContain('is a link');
  });

  asRoot('trusts a link to a neighbour as far as the neighbour', () => {
    symlinkSync('main.js', join(root, 'dist/link.js'));
    expect(weakness(root, node)).toBeNull();
    chmodSync(join(root, 'dist/main.js'), 0o666);
    expect(weakness(root, node)).toContain('can be written by others');
    const program = secureProgram(root, node, join(home, 'data/program'));
    expect(lstatSync(join(program.programDir, 'dist/link.js')).isFile()).toBe(true);
  });

  asRoot('is copied once, and again only when something of it changed', () => {
    const place = join(home, 'data/program');
    const copied = () => {
      const program = secureProgram(root, node, place);
      return { ...program, inode: statSync(join(program.programDir, 'dist/main.js')).ino };
    };
    chmodSync(join(root, 'dist'), 0o777);
    const first = copied();
    expect(copied()).toEqual(first);
    chmodSync(join(root, 'dist/main.js'), 0o755);
    const second = copied();
    expect(second.programDir).not.toBe(first.programDir);
    writeFileSync(join(root, 'dist/more.js'), '');
    expect([first.programDir, second.programDir]).not.toContain(copied().programDir);
    expect(readdirSync(place)).toHaveLength(3);
  });

  asRoot('is not copied when it leads in a circle or holds a FIFO', async () => {
    chmodSync(join(root, 'dist'), 0o777);
    symlinkSync('.', join(root, 'dist/circle'));
    const copied = () => secureProgram(root, node, join(home, 'data/program'));
    expect(copied).toThrow(/nested too deep|too many/i);
    rmSync(join(root, 'dist/circle'));
    expect((await exec('mkfifo', [join(root, 'dist/fifo')])).status).toBe(0);
    expect(copied).toThrow(/no file or directory/);
  });
});

test('an account is found by its whole name, with plain numbers', () => {
  const passwd = 'tricordon-x:x:5:5::/:\ntricordon:x:990:980:Tricordon:/nonexistent:/usr/sbin/nologin\nbad:x:a:b\n';
  expect(findAccount('tricordon', passwd)).toEqual({ name: 'tricordon', uid: 990, gid: 980 });
  expect(findAccount('bad', passwd)).toBeUndefined();
  expect(findAccount('nobody', passwd)).toBeUndefined();
});
