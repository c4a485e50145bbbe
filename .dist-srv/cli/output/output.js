/** Results go to stdout, everything else to stderr; plain when piped, no colour with NO_COLOR. */
import { environment, messageOf, printable, TricordonError } from '../../base/index.js';
import { table } from './table.js';
const codes = { strong: '1', dim: '2', ok: '32', warn: '33', bad: '31' };
export function createOutput(json) {
    const color = process.stdout.isTTY === true && environment('NO_COLOR') === undefined && environment('TERM') !== 'dumb';
    const style = (name, content) => (color ? `\u001b[${codes[name]}m${content}\u001b[0m` : content);
    const write = (line) => process.stdout.write(line.endsWith('\n') ? line : `${line}\n`);
    return {
        json,
        interactive: process.stdout.isTTY === true && process.stdin.isTTY === true,
        style,
        result: (value, human) => void write(json ? JSON.stringify(value, null, 2) : human()),
        row: (value, human) => void write(json ? JSON.stringify(value) : human()),
        progress: (line) => void process.stderr.write(`${line}\n`),
        warn: (line) => void process.stderr.write(`warning: ${line}\n`),
        error: (thrown) => {
            const hint = thrown instanceof TricordonError ? thrown.hint : undefined;
            const code = thrown instanceof TricordonError ? thrown.code : 'unexpected';
            const message = messageOf(thrown).replaceAll('\\x0a', '\n  ');
            if (json)
                process.stdout.write(`${JSON.stringify({ schemaVersion: 1, error: { code, message, hint: hint ?? null } })}\n`);
            process.stderr.write(`error: ${message}${hint === undefined ? '' : `\n  ${printable(hint)}`}\n`);
        },
        table: (head, rows) => table(head, rows, (content) => style('dim', content)),
    };
}
