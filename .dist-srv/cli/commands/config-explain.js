import { nearest } from '../../base/index.js';
import { CliError, exitCode } from '../command.js';
import { configurationDocs, configurationKeys } from '../configuration-keys.js';
import { locate } from '../installation.js';
export const command = async (invocation) => {
    const { output } = invocation;
    const asked = invocation.arguments[0];
    const docs = configurationDocs().filter((doc) => asked === undefined || doc.key === asked || doc.key.startsWith(`${asked}.`));
    if (docs.length === 0) {
        const near = nearest(asked ?? '', configurationKeys());
        throw new CliError('usage', `there is no setting \`${asked}\``, {
            hint: near === undefined ? '`tricordon config explain` lists all' : `did you mean \`${near}\`?`,
        });
    }
    const { configuration } = locate(invocation);
    const keys = docs.map((doc) => ({ ...doc, value: valueAt(configuration, doc.key) ?? null }));
    output.result({ schemaVersion: 1, keys }, () => keys
        .map((key) => {
        const now = key.value === null ? '' : `  now ${JSON.stringify(key.value)}`;
        return `${output.style('strong', key.key)}  ${output.style('dim', key.type)}${now}\n  ${key.description}`;
    })
        .join('\n'));
    return exitCode.done;
};
function valueAt(value, key) {
    let at = value;
    for (const part of key.split('.')) {
        if (typeof at !== 'object' || at === null || part.endsWith('[]'))
            return undefined;
        at = at[part]; // a parsed settings object, walked by its own keys
    }
    return at;
}
