/** Asks until every one of these actions has ended, or the time is up; the last known rows either way. */
export async function settle(api, ids, timeoutMs) {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
        const { actions } = await api.get('/v1/actions');
        const ours = actions.filter((action) => ids.includes(action.id));
        const open = ours.filter((action) => action.status === 'approved' || action.status === 'running' || action.status === 'planned');
        if ((ours.length === ids.length && open.length === 0) || performance.now() > deadline)
            return ours;
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
}
