import { catalogue } from '../catalogue.js';
import { CliError, exitCode } from '../command.js';
/** Prints a completion script made from the command catalogue. */
export const command = async ({ arguments: [shell = ''], output }) => {
    const script = scripts[shell];
    if (script === undefined)
        throw new CliError('usage', `no completion for \`${shell}\``, { hint: 'use bash, zsh or fish' });
    output.result({ schemaVersion: 1, shell, script: script() }, script);
    return exitCode.done;
};
const scripts = { bash, zsh, fish };
function words() {
    const next = new Map([['', []]]);
    const add = (at, word) => {
        const known = next.get(at) ?? [];
        if (!known.includes(word))
            next.set(at, [...known, word]);
    };
    for (const spec of catalogue) {
        const parts = spec.name.split(' ');
        parts.forEach((word, index) => {
            add(parts.slice(0, index).join(' '), word);
        });
        for (const option of [...(spec.options ?? []), { flags: '--output' }]) {
            const long = /--[a-z-]+/.exec(option.flags)?.[0];
            if (long !== undefined)
                add(spec.name, long);
        }
    }
    return next;
}
function bash() {
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
function zsh() {
    return `#compdef tricordon
autoload -U +X bashcompinit && bashcompinit
${bash()}`;
}
function fish() {
    return [...words()]
        .flatMap(([at, list]) => {
        const condition = at === ''
            ? '__fish_use_subcommand'
            : at
                .split(' ')
                .map((word) => `__fish_seen_subcommand_from ${word}`)
                .join('; and ');
        return list.map((word) => word.startsWith('--')
            ? `complete -c tricordon -n '${condition}' -l ${word.slice(2)}`
            : `complete -c tricordon -n '${condition}' -a ${word}`);
    })
        .join('\n');
}
