import { artefactNamed, artefactProblem, readShape } from '../read-artefact.js';
import type { Artefact, Deed, Held } from '../target.js';
import { Profile } from './profile.js';

/** @throws ContractError `contract-artefact` */
export function read(artefacts: readonly Artefact[]): Held {
  const artefact = artefactNamed(artefacts, '.seccomp.json');
  const profile = readShape(artefact, Profile, true);
  const actions = new Map<string, string>();
  for (const { names, action } of profile.syscalls) {
    for (const name of names) {
      if (actions.has(name)) throw artefactProblem(artefact.file, undefined, `\`${name}\` stands in it twice`);
      actions.set(name, action);
    }
  }
  return {
    allows: (deed: Deed) =>
      deed.kind === 'syscall' ? (actions.get(deed.name) ?? profile.defaultAction) !== 'SCMP_ACT_ERRNO' : undefined,
    values: {},
  };
}
