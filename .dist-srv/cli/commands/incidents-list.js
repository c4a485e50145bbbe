import { openApi, readAccess } from '../api.js';
import { exitCode } from '../command.js';
import { locate } from '../installation.js';
export const command = async (invocation) => {
    const { output } = invocation;
    const api = openApi(readAccess(locate(invocation).dataDir));
    const answer = await api.get('/v1/incidents');
    output.result({ schemaVersion: 1, ...answer }, () => answer.incidents.length === 0
        ? 'no incidents'
        : output.table(['ID', 'STATE', 'SEVERITY', 'LAYERS', 'OPENED', 'WHAT HAPPENED'], answer.incidents.map((row) => [
            row.id,
            row.state,
            row.severity,
            row.layers.join(' '),
            new Date(row.openedAt).toISOString(),
            row.title,
        ])));
    return answer.incidents.some((row) => row.state === 'open') ? exitCode.found : exitCode.done;
};
