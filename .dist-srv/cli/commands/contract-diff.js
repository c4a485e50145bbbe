import { openApi, readAccess } from '../api.js';
import { exitCode, text } from '../command.js';
import { locate } from '../installation.js';
export const command = async (invocation) => {
    const { output } = invocation;
    const api = openApi(readAccess(locate(invocation).dataDir));
    const query = new URLSearchParams();
    for (const name of ['from', 'to']) {
        const value = text(invocation, name);
        if (value !== undefined)
            query.set(name, value);
    }
    const answer = await api.get(`/v1/contracts/${encodeURIComponent(invocation.arguments[0] ?? '')}/diff?${query}`);
    output.result({ schemaVersion: 1, ...answer }, () => (answer.rows.length === 0 ? 'no rights differ' : answer.text));
    return answer.rows.length === 0 ? exitCode.done : exitCode.found;
};
