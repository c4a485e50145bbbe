/** Finds what a process really runs: its own executable, or the script given to an interpreter. */
import { createHash } from 'node:crypto';
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, isAbsolute, join, resolve, sep } from 'node:path';
import { which } from '../../base/index.js';

export type EntryFile =
  /** `entry` is null when the executable itself is the program. */
  | { readonly kind: 'found'; readonly executable: string; readonly entry: string | null }
  | { readonly kind: 'refused'; readonly why: string };

/** How one interpreter's command line is read. What is not understood is refused: an unread option may hold code. */
interface Interpreter {
  readonly names: RegExp;
  /** Options that bring code on the command line or stdin. */
  readonly code: readonly string[];
  /** Options followed by a value of no interest. */
  readonly values: readonly string[];
  /** Options followed by a file that is loaded too; it must lie in the code directory as well. */
  readonly loads: readonly string[];
  /** Options that stand alone; `--long=value` does too unless listed above. */
  readonly flags: RegExp;
}

const interpreters: readonly Interpreter[] = [
  {
    names: /^(node|nodejs)(-?\d[\d.]*)?$/,
    code: ['-e', '--eval', '-p', '--print', '-pe', '-i', '--interactive', '-', '--test', '--run', '--stdin'],
    values: ['-C', '--conditions', '--title', '--input-type', '--env-file'],
    loads: ['-r', '--require', '--import', '--loader', '--experimental-loader'],
    flags: /^--[a-z][a-z0-9-]*(=.*)?$/,
  },
  {
    names: /^(python|pypy)[\d.]*$/,
    code: ['-c', '-', '-i'],
    values: ['-W', '-X', '--check-hash-based-pycs'],
    loads: [],
    flags: /^-([bBdEIOPqRsSuvx]+|[WX].+)$/,
  },
  {
    names: /^ruby[\d.]*$/,
    code: ['-e', '-'],
    values: ['-C', '-E'],
    loads: ['-r'],
    flags: /^(-[wWvU]\d?|-E.+|--(disable|enable|yjit|jit|encoding|external-encoding)[a-z-]*(=.*)?)$/,
  },
  { names: /^perl[\d.]*$/, code: ['-e', '-E', '-'], values: [], loads: [], flags: /^-([wWtTuUs]+|C\d*|I.+)$/ },
  {
    names: /^php(-cli|-fpm)?[\d.]*$/,
    code: ['-r', '-B', '-R', '-a', '-', '-S'],
    values: ['-d', '-c'],
    loads: [],
    flags: /^-[nqHC]+$/,
  },
  {
    names: /^(ba|da|k|z|mk|a)?sh[\d.]*$/,
    code: ['-c', '-s', '-i', '-'],
    values: ['-o', '+o', '-O', '+O'],
    loads: ['--rcfile', '--init-file'],
    flags: /^([-+][aefhkmnptuvxBCEHPT]+|--(noprofile|norc|posix|restricted|verbose|noediting))$/,
  },
  {
    names:
      /^(deno|bun|lua(jit)?[\d.]*|tclsh[\d.]*|wish[\d.]*|Rscript|[gm]?awk|nawk|busybox|guile[\d.]*|dotnet|mono|erl|escript|beam\.smp|osascript|pwsh|expect|groovy|jshell)$/,
    code: [],
    values: [],
    loads: [],
    flags: /^$/,
  },
];

/**
 * @param executable as the kernel has it; never `argv[0]`, which the process chooses.
 * @param commandLine with `argv[0]`.
 * @param code the declared directory or file, absolute; the entry and everything loaded with it must lie inside.
 */
export function entryFile(
  executable: string,
  commandLine: readonly string[],
  workingDirectory: string,
  code: string,
): EntryFile {
  if (!isAbsolute(executable) || executable.endsWith(' (deleted)'))
    return refused('the executable has no file behind it any more');
  if (executable.startsWith('/memfd:')) return refused('the executable exists in memory only');
  const name = basename(executable);
  if (/^java[\d.]*$/.test(name)) return javaEntry(executable, commandLine.slice(1), workingDirectory, code);
  const interpreter = interpreters.find((candidate) => candidate.names.test(name));
  if (interpreter === undefined) {
    if (!isInside(executable, code) && !isSystemFile(executable))
      return refused(`the executable \`${name}\` lies outside the declared code, and is no program of the system`);
    const copyOf = copiedInterpreter(executable);
    // under another name it would pass for a program of its own, and any script could ride on its hash
    if (copyOf !== undefined) return refused(`the executable is a copy of \`${copyOf}\``);
    return { kind: 'found', executable, entry: null };
  }
  return scriptEntry(interpreter, executable, commandLine.slice(1), workingDirectory, code);
}

function scriptEntry(
  interpreter: Interpreter,
  executable: string,
  args: readonly string[],
  workingDirectory: string,
  code: string,
): EntryFile {
  const python = /^(python|pypy)/.test(basename(executable));
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? '';
    const next = args[index + 1];
    if (interpreter.code.includes(arg)) return refused(`\`${arg}\` runs code that no file holds`);
    if (python && arg === '-m') return moduleEntry(executable, next ?? '', workingDirectory, code);
    if (arg === '--') return script(executable, next, workingDirectory, code);
    if (!/^[-+]./.test(arg)) return script(executable, arg, workingDirectory, code);
    const [option = '', attached] = arg.startsWith('--') ? arg.split(/=(.*)/s) : [arg];
    if (interpreter.code.includes(option)) return refused(`\`${option}\` runs code that no file holds`);
    if (interpreter.loads.includes(option)) {
      const loaded = attached ?? next ?? '';
      if (!isLoadedFromCode(loaded, workingDirectory, code))
        return refused(`\`${option}\` loads from outside the declared code`);
      if (attached === undefined) index += 1;
    } else if (interpreter.values.includes(option)) {
      if (attached === undefined) index += 1;
    } else if (!interpreter.flags.test(arg)) {
      return refused(`the option \`${option.slice(0, 32)}\` is not understood, so no entry file can be named`);
    }
  }
  return refused('no script is named: an interpreter alone is no identity');
}

function script(executable: string, named: string | undefined, workingDirectory: string, code: string): EntryFile {
  if (named === undefined || named === '') return refused('no script is named: an interpreter alone is no identity');
  const path = realFile(resolve(workingDirectory, named), ['', '.js', '.cjs', '.mjs', '/index.js', '/__main__.py']);
  if (path === undefined) return refused(`the script \`${named.slice(0, 256)}\` is not there`);
  if (!isInside(path, code)) return refused('the script lies outside the declared code');
  return { kind: 'found', executable, entry: path };
}

/** `python -m name`: the module must be a file of the code; one from the interpreter's own library is no identity. */
function moduleEntry(executable: string, name: string, workingDirectory: string, code: string): EntryFile {
  if (!/^[A-Za-z_][\w.]*$/.test(name)) return refused('the module name is not understood');
  const path =
    realFile(join(workingDirectory, ...name.split('.')), ['.py', '/__main__.py']) ?? libraryModule(executable, name);
  if (path === undefined)
    return refused(`the module \`${name}\` is no file of the working directory or of Python's own library`);
  return isInside(path, code) || isSystemFile(path)
    ? { kind: 'found', executable, entry: path }
    : refused('the module lies outside the declared code');
}

/** A module that Python brings along (`http.server`): a file of `lib/pythonX.Y` beside the interpreter. */
function libraryModule(executable: string, name: string): string | undefined {
  const version = /^python(\d+\.\d+)/.exec(basename(executable))?.[1];
  if (version === undefined) return undefined;
  const library = resolve(executable, '../../lib', `python${version}`);
  return realFile(join(library, ...name.split('.')), ['.py', '/__main__.py']);
}

/** Root's alone, as are the folders that lead to it: what the system's packages installed. */
function isSystemFile(path: string): boolean {
  try {
    for (let at = realpathSync(path); ; at = resolve(at, '..')) {
      const { uid, mode } = statSync(at);
      if (uid !== 0 || (mode & 0o022) !== 0) return false;
      if (at === '/') return true;
    }
  } catch {
    return false;
  }
}

/** `-jar FILE`, or `-cp PATHS Main`; everything on the class path must be declared code. */
function javaEntry(executable: string, args: readonly string[], workingDirectory: string, code: string): EntryFile {
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? '';
    const next = args[index + 1] ?? '';
    if (arg === '-jar') return script(executable, next, workingDirectory, code);
    if (arg === '-cp' || arg === '-classpath' || arg === '--class-path') {
      const parts = next.split(':').map((part) => realFile(resolve(workingDirectory, part), ['']));
      const [first] = parts;
      if (first === undefined || !parts.every((part) => part !== undefined && isInside(part, code))) {
        return refused('the class path leads outside the declared code');
      }
      return { kind: 'found', executable, entry: first };
    }
    if (arg.startsWith('-javaagent:') || arg.startsWith('-agentpath:')) {
      const agent = arg.slice(arg.indexOf(':') + 1).split('=')[0] ?? '';
      if (!isLoadedFromCode(agent, workingDirectory, code))
        return refused('a Java agent comes from outside the declared code');
      continue;
    }
    if (
      !/^-(X|D|XX:|server$|client$|ea|da|esa|dsa|verbose|-add-|-enable-|-illegal-)/.test(arg) ||
      /^-Xbootclasspath/.test(arg)
    ) {
      return refused(`\`${arg.slice(0, 32)}\` is not understood, so no entry file can be named`);
    }
    if (/^--[a-z-]+$/.test(arg) && !/preview$/.test(arg)) index += 1;
  }
  return refused('no program is named: an interpreter alone is no identity');
}

/** A bare module name is looked up from the working directory upwards, so that must lie in the code. */
function isLoadedFromCode(named: string, workingDirectory: string, code: string): boolean {
  if (named === '' || /^(data|https?):/.test(named)) return false;
  const plain = named.startsWith('file://') ? named.slice('file://'.length) : named;
  if (!/^[./]/.test(plain)) return isInside(realFile(join(workingDirectory, 'node_modules', plain), ['']) ?? '/', code);
  const path = realFile(resolve(workingDirectory, plain), ['', '.js', '.cjs', '.mjs', '.rb']);
  return path !== undefined && isInside(path, code);
}

/** With every link resolved: what counts is where the file lies, not what it is called. */
function realFile(path: string, endings: readonly string[]): string | undefined {
  let directory: string | undefined;
  for (const ending of endings) {
    try {
      const real = realpathSync(`${path}${ending}`);
      const found = statSync(real);
      if (found.isFile()) return real;
      if (found.isDirectory()) directory ??= real;
    } catch {
      // try the next ending
    }
  }
  return directory;
}

function isInside(path: string, code: string): boolean {
  let root: string;
  try {
    root = realpathSync(code);
  } catch {
    return false;
  }
  return path === root || path.startsWith(root.endsWith(sep) ? root : `${root}${sep}`);
}

const known = [
  'node',
  'python3',
  'python',
  'perl',
  'ruby',
  'php',
  'java',
  'bash',
  'dash',
  'sh',
  'busybox',
  'deno',
  'bun',
  'lua',
  'gawk',
  'mawk',
];

/** Sizes first: hashing happens only for files that could be equal. */
function copiedInterpreter(executable: string): string | undefined {
  try {
    const { size } = statSync(executable);
    let own: string | undefined;
    for (const name of known) {
      const path = which(name);
      if (path === undefined || statSync(path).size !== size) continue;
      own ??= fileHash(executable);
      if (fileHash(path) === own) return name;
    }
  } catch {
    return 'a file that cannot be read';
  }
  return undefined;
}

function fileHash(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

function refused(why: string): EntryFile {
  return { kind: 'refused', why };
}
