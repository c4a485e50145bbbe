import { heldByContainer } from '../container/held.js';
import type { ContainerMount, ContainerSettings } from '../container/settings.js';
import { artefactNamed, artefactProblem } from '../read-artefact.js';
import type { Artefact, Held } from '../target.js';
import { head } from './script.js';

type Writable = { -readonly [K in keyof ContainerSettings]: ContainerSettings[K] };
type Take = (settings: Writable, found: readonly string[]) => boolean;

const path = '((?:/[A-Za-z0-9._@+-]+)+)';
const name = '([A-Za-z0-9][A-Za-z0-9._-]*)';
/** Sets a value that was not set before. */
const once =
  <K extends keyof ContainerSettings>(key: K, value: (text: string) => ContainerSettings[K]): Take =>
  (settings, [text = '']) => {
    if (settings[key] !== undefined) return false;
    settings[key] = value(text) as Writable[K];
    return true;
  };
const mount =
  (made: (found: readonly string[]) => ContainerMount): Take =>
  (settings, found) => {
    const one = made(found);
    if (settings.mounts.some((other) => other.path === one.path)) return false;
    settings.mounts = [...settings.mounts, one];
    return true;
  };
const accessOf = (writes: boolean) => (writes ? 'write' : 'read');

const flags: readonly (readonly [RegExp, Take])[] = [
  [/^--user=(\d+(?::\d+)?)$/, once('user', (text) => text)],
  [/^--read-only$/, once('readOnly', () => true)],
  [/^--security-opt=no-new-privileges$/, once('noNewPrivileges', () => true)],
  [/^--cap-drop=ALL$/, once('capabilities', () => [])],
  [
    /^--cap-add=([A-Z][A-Z_]+)$/,
    (settings, [text = '']) => {
      // Without the drop before it, all of Docker's own would stay.
      if (settings.capabilities === undefined || settings.capabilities.includes(text) || text === 'ALL') return false;
      settings.capabilities = [...settings.capabilities, text];
      return true;
    },
  ],
  [new RegExp(`^--security-opt=seccomp="\\$here"/${name}$`), once('seccomp', (text) => text)],
  [/^--cpus=(\d+(?:\.\d+)?)$/, once('cpus', (text) => text)],
  // One flag of two words: memory alone would leave as much swap again.
  [/^--memory=(\d+) --memory-swap=\1$/, once('memory', Number)],
  [/^--pids-limit=([1-9]\d*)$/, once('pids', Number)],
  [
    new RegExp(`^--tmpfs=${path}:(rw,mode=1777|ro)$`),
    mount(([at = '', mode]) => ({ path: at, access: accessOf(mode !== 'ro'), volume: null })),
  ],
  [
    new RegExp(`^--mount=type=volume,source=${name},destination=${path}(,readonly)?$`),
    mount(([volume = '', at = '', readonly]) => ({ path: at, access: accessOf(readonly === undefined), volume })),
  ],
  [/^--network=none$/, once('noNetwork', () => true)],
];

/** @throws ContractError `contract-artefact` */
export function read(artefacts: readonly Artefact[]): Held {
  const { file, text } = artefactNamed(artefacts, '.docker-run.sh');
  const lines = text.split('\n');
  const about = /^# Contract of ([a-z0-9][a-z0-9. :-]*), as flags/.exec(lines[1] ?? '')?.[1] ?? '';
  const wanted = head(about, file.slice(0, -'.docker-run.sh'.length));
  wanted.forEach((line, index) => {
    if (lines[index] !== line) throw artefactProblem(file, index + 1, 'is not how such a file begins');
  });
  if (lines.at(-1) !== '' || lines.at(-2) !== '  "$@"')
    throw artefactProblem(file, lines.length - 1, 'is not how such a file ends');
  const settings: Writable = { mounts: [] };
  for (const [index, line] of lines.slice(wanted.length, -2).entries()) {
    const flag = /^ {2}(\S.*\S) \\$/.exec(line)?.[1] ?? '';
    const taken = flags.some(([pattern, take]) => {
      const found = pattern.exec(flag);
      return found !== null && take(settings, found.slice(1));
    });
    if (!taken) throw artefactProblem(file, wanted.length + index + 1, `\`${line.trim()}\` is not known, or not here`);
  }
  return heldByContainer(settings, artefacts);
}
