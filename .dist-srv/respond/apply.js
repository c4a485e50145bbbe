import { messageOf } from '../base/index.js';
import { actionOf } from './actions/index.js';
/**
 * Carries out one step and says honestly how it went: an exception is `failed`, a side that has no enforcer for it is
 * `unavailable`; nothing is `done` that nobody did.
 *
 * @param action `undo` null and kind `revoke` means: give the identity back (see `undoOf`)
 */
export async function applyAction(action, by) {
    const { status, detail } = await run(action, by).catch((error) => ({ status: 'failed', detail: messageOf(error) }));
    return { ...action, status, detail: detail.slice(0, 2_000), finishedAt: by.clock.now() };
}
async function run(action, { host, policy }) {
    const what = actionOf(action.kind);
    if (what.scope === 'service') {
        if (policy === undefined)
            return { status: 'unavailable', detail: 'only the control plane can do this' };
        if (action.undo === null && what.revert !== undefined)
            return await what.revert(action.service, { policy });
        return await what.run(action.service, { policy });
    }
    if (host === undefined)
        return { status: 'unavailable', detail: 'only the agent of its host can do this' };
    if (action.workload === null)
        return { status: 'failed', detail: 'the step names no workload' };
    return await what.run(action.workload, { host });
}
