import { openApi, readAccess } from '../api.js';
import { exitCode } from '../command.js';
import { locate } from '../installation.js';
/** Exit 2 if the chain is broken. */
export const command = async (invocation) => {
    const api = openApi(readAccess(locate(invocation).dataDir));
    const answer = await api.get('/v1/audit/verify');
    invocation.output.result({ schemaVersion: 1, ...answer }, () => answer.ok
        ? `audit trail unbroken: ${answer.length} entries, head ${answer.head}`
        : `audit trail BROKEN at entry ${answer.brokenAt} of ${answer.length}`);
    return answer.ok ? exitCode.done : exitCode.found;
};
