import { openApi, readAccess } from '../api.js';
import { exitCode } from '../command.js';
import { locate } from '../installation.js';
export const command = async (invocation) => {
    const api = openApi(readAccess(locate(invocation).dataDir));
    const answer = await api.post('/v1/enrolment-tokens', { host: invocation.arguments[0] });
    invocation.output.result({ schemaVersion: 1, ...answer }, () => {
        const minutes = Math.round((answer.expiresAt - performance.timeOrigin - performance.now()) / 60_000);
        return `${answer.token}\n\nOn ${answer.host}, within ${minutes} minutes:\n  tricordon agent join ${new URL(answer.agentUrl).host} --host ${answer.host} --ca-fingerprint ${answer.fingerprint} --token-file -`;
    });
    return exitCode.done;
};
