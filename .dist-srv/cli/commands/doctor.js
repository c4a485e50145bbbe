import { probes } from '../../base/index.js';
import { CliError, exitCode, list } from '../command.js';
const categories = ['host', 'store', 'runtime', 'network', 'test'];
/** Runs the preflight probes. Exit 0 if nothing failed, 3 if something that must be there is not. */
export const command = async (invocation) => {
    const only = list(invocation, 'only');
    const unknown = only.find((name) => !categories.some((category) => category === name));
    if (unknown !== undefined) {
        throw new CliError('usage', `there is no category \`${unknown}\``, { hint: `use one of ${categories.join(', ')}` });
    }
    const chosen = probes.filter((probe) => only.length === 0 ? probe.category !== 'test' : only.includes(probe.category));
    const checks = [];
    for (const probe of chosen)
        checks.push({ name: probe.name, category: probe.category, title: probe.title, ...(await probe.run()) });
    const failed = checks.filter((check) => check.status === 'fail').length;
    const { output } = invocation;
    output.result({ schemaVersion: 1, ok: failed === 0, checks }, () => categories
        .flatMap((category) => {
        const rows = checks.filter((check) => check.category === category);
        if (rows.length === 0)
            return [];
        const lines = rows.map((check) => {
            const mark = check.status === 'ok'
                ? output.style('ok', 'ok  ')
                : check.status === 'warn'
                    ? output.style('warn', 'warn')
                    : output.style('bad', 'fail');
            const fix = check.fix === undefined ? '' : `\n        ${output.style('dim', `fix: ${check.fix}`)}`;
            return `  ${mark}  ${check.title}: ${check.detail}${fix}`;
        });
        return [output.style('strong', category), ...lines];
    })
        .join('\n'));
    return failed === 0 ? exitCode.done : exitCode.missing;
};
