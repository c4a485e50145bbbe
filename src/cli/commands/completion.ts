import { catalogue } from '../catalogue.js';
import { CliError, type Command, exitCode } from '../command.js';

/** Prints a completion script made from the command catalogue. */
export const command: Command = async ({ arguments: [shell = ''], output }) => {
  const script = scripts[shell];
  if (script === undefined)
    throw new CliError('usage', `no completion for \`${shell}\``, { hint: 'use bash, zsh or fish' });
  output.result({ schemaVersion: 1, shell, script: script() }, script);
  return exitCode.done;
};

const scripts: Readonly<Record<string, () => string>> = { bash, zsh, fish };

function words(): Map<string, string[]> {
  const next = new Map<string, string[]>([['', []]]);
  const add = (at: string, word: string) => {
    const known = next.get(at) ?? [];
    if (!known.includes(word)) next.set(at, [...known, word]);
  };
  for (const spec of catalogue) {
    const parts = spec.name.split(' ');
    parts.forEach((word, index) => {
      add(parts.slice(0, index).join(' '), word);
    });
    for (const option of [...(spec.options ?? []), { flags: '--output' }]) {
      const long = /--[a-z-]+/.exec(option.flags)?.[0];
      if (long !== undefined) add(spec.name, long);
    }
  }
  return next;
}

function bash(): string {
  const cases = [...words()].map(([at, list]) => `    '${at}') words='${list.join(' ')}' ;;`).join('\n');
  return `_tricordon() {
  local at='' word words=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) at="\${at:+$at }$word" ;; esac
  done
  case "$at" in
${cases}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _tricordon tricordon`;
}

function zsh(): string {
  return `#compdef tricordon
autoload -U +X bashcompinit && bashcompinit
${bash()}`;
}

function fish(): string {
  return [...words()]
    .flatMap(([at, list]) => {
      const condition =
        at === ''
          ? '__fish_use_subcommand'
          : at
              .split(' ')
              .map((word) => `__fish_seen_subcommand_from ${word}`)
              .join('; and ');
      return list.map((word) =>
        word.startsWith('--')
          ? `complete -c tricordon -n '${condition}' -l ${word.slice(2)}`
          : `complete -c tricordon -n '${condition}' -a ${word}`,
      );
    })
    .join('\n');
}
