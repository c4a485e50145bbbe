import { CliError, type Command } from '../command.js';

/** By the name of the key; each says for itself which options it takes. */
const rotations: Readonly<Record<string, () => Promise<{ readonly rotate: Command }>>> = {
  ca: () => import('../keys/rotate-ca.js'),
  root: () => import('../keys/rotate-root.js'),
  console: () => import('../keys/rotate-console.js'),
  evidence: () => import('../keys/rotate-evidence.js'),
  people: () => import('../keys/rotate-people.js'),
  spool: () => import('../keys/rotate-spool.js'),
};

export const command: Command = async (invocation) => {
  const key = invocation.arguments[0] ?? '';
  const load = Object.hasOwn(rotations, key) ? rotations[key] : undefined;
  if (load === undefined)
    throw new CliError('usage', `there is no rotation of a key \`${key}\``, {
      hint: `one of: ${Object.keys(rotations).join(', ')}; \`tricordon key list\` says how the others change`,
    });
  return (await load()).rotate(invocation);
};
