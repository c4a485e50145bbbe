/** What has to be done now and then: partitions, old sessions. */
import { messageOf } from '../../base/index.js';
/** Returns what ends it. */
export function startUpkeep(context) {
    const { store, config, log } = context;
    const once = () => {
        Promise.all([store.observations.maintain(config.keepDays), store.accounts.sweep()]).then(([dropped]) => dropped.length > 0 && log.info({ days: dropped }, 'dropped old observations'), (error) => log.warn({ reason: messageOf(error) }, 'upkeep is tried again later'));
    };
    once();
    const timer = setInterval(once, 3_600_000);
    timer.unref();
    return () => clearInterval(timer);
}
