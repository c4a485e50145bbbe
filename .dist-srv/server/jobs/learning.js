/** What is learned of each service, folded in memory and built anew from the store after a start. */
import { learner } from '../../contract/index.js';
import { layers } from '../../model/index.js';
import { ServerError } from '../errors.js';
export function createLearning() {
    const students = new Map();
    let paused = new Set();
    let unread = new Set();
    return {
        follow(active, programs) {
            for (const [service, version] of active) {
                if (students.get(service)?.version.version === version.version)
                    continue;
                const learns = layers.some((layer) => version.contract.mode[layer] === 'learn');
                if (!learns)
                    students.delete(service);
                else {
                    const fresh = () => learner(service, { current: version.contract, programs: programs(service) });
                    students.set(service, { version, fresh, learn: fresh(), observed: 0 });
                }
            }
        },
        fold(observation) {
            if (observation.service === null || paused.has(observation.service))
                return;
            const student = students.get(observation.service);
            if (student === undefined)
                return;
            // A request teaches both its own layer and, by its socket, the network: it counts as API.
            if (student.version.contract.mode[observation.layer] !== 'learn')
                return;
            // What was seen before the version was in force taught the version before it.
            if (observation.at < (student.version.decidedAt ?? 0))
                return;
            if (student.learn.add(observation))
                student.observed += 1;
        },
        suspect(service, since) {
            students.get(service)?.learn.forgetSince(since);
        },
        suspended(services) {
            paused = services;
        },
        proposal(service) {
            if (unread.has(service)) {
                throw new ServerError('unavailable', `what was learned of \`${service}\` is still being read`, {
                    hint: 'try again in a few seconds',
                });
            }
            const student = students.get(service);
            if (student === undefined || student.observed === 0)
                return undefined;
            const learned = student.learn.proposal();
            return { contract: keepOthers(student.version.contract, learned.contract), observed: learned.observed };
        },
        count: (service) => students.get(service)?.observed ?? 0,
        restart() {
            for (const [service, { version, fresh }] of students)
                students.set(service, { version, fresh, learn: fresh(), observed: 0 });
        },
        students: () => [...students].map(([service, { version }]) => ({ service, since: version.decidedAt ?? 0 })),
        reading(services) {
            unread = services;
        },
    };
}
/** Layers that were not learning stay as they are in force, mode and clauses alike. */
function keepOthers(active, learned) {
    const { runtime, network, api, ...rest } = learned;
    const sections = {
        runtime: active.mode.runtime === 'learn' ? runtime : active.runtime,
        network: active.mode.network === 'learn' ? network : active.network,
        api: active.mode.api === 'learn' ? api : active.api,
    };
    return {
        ...rest,
        mode: {
            runtime: active.mode.runtime === 'learn' ? learned.mode.runtime : active.mode.runtime,
            network: active.mode.network === 'learn' ? learned.mode.network : active.mode.network,
            api: active.mode.api === 'learn' ? learned.mode.api : active.mode.api,
        },
        ...(sections.runtime === undefined ? {} : { runtime: sections.runtime }),
        ...(sections.network === undefined ? {} : { network: sections.network }),
        ...(sections.api === undefined ? {} : { api: sections.api }),
    };
}
