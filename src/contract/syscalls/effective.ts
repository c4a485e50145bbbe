/** The system calls that a contract lists, as one list. */
import type { Contract } from '../../model/index.js';
import { nearestName } from '../nearest-name.js';
import { floorOf, floorProblem } from './floors.js';
import { syscallNames } from './names.js';

type Syscalls = NonNullable<NonNullable<Contract['runtime']>['syscalls']>;

const known = new Set(syscallNames);

/** Floor and `add` without `remove`, in order. Names and base are known (see `syscallProblems`). */
export function listedSyscalls({ base, add, remove }: Syscalls): readonly string[] {
  const names = new Set([...(base === undefined ? [] : (floorOf(base) ?? [])), ...(add ?? [])]);
  for (const name of remove ?? []) names.delete(name);
  return [...names].sort();
}

/** What is wrong with the section, each a sentence without its subject. `inherits`: more may come from a base of contracts. */
export function syscallProblems(
  { base, add, remove }: Syscalls,
  inherits: boolean,
): { readonly errors: readonly string[]; readonly warnings: readonly string[] } {
  const wrongBase = base === undefined ? undefined : floorProblem(base);
  const errors = wrongBase === undefined ? [] : [wrongBase];
  for (const name of [...(add ?? []), ...(remove ?? [])]) {
    if (known.has(name)) continue;
    const meant = nearestName(name, syscallNames);
    errors.push(
      `names the system call \`${name}\`, which Linux does not have${meant === undefined ? '' : `; did you mean \`${meant}\`?`}`,
    );
  }
  if (errors.length > 0) return { errors, warnings: [] };
  const none = base === undefined && add === undefined && !inherits;
  return {
    errors,
    warnings: none ? ['has neither `base` nor `add`: no system call is listed, and no program starts'] : [],
  };
}
