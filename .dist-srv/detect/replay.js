import { compileContract, initialVersion, learner } from '../contract/index.js';
import { correlator } from './correlate/correlator.js';
import { detector } from './detector.js';
/**
 * Rows before `learnUntil` teach; what is judged afterwards is judged by the header's newest approved contract of each
 * service, or, where it has none beyond version 0, by what was learned. Requests and flows keep the verdict they carry.
 */
export async function replay(header, observations) {
    let now = header.recordedAt;
    let number = 0;
    const clock = { now: () => now, monotonic: () => now };
    const allocate = () => {
        number += 1;
        return `INC-${number}`;
    };
    const judge = detector();
    const joined = correlator({ clock, allocate });
    const active = newestOf(header.contracts);
    const students = new Map();
    const compiled = new Map();
    const workloads = new Map(header.workloads.map((workload) => [workload.id, workload]));
    const signals = [];
    const incidents = new Map();
    let count = 0;
    for await (const observation of observations) {
        count += 1;
        now = observation.at;
        const { service } = observation;
        if (observation.at < header.learnUntil) {
            if (service !== null)
                studentOf(service).add(observation);
            joined.add(observation, []);
            continue;
        }
        const workload = observation.workload === null ? undefined : workloads.get(observation.workload);
        const contract = service === null ? undefined : contractOf(service);
        const found = judge.judge(observation, { contract, workload });
        signals.push(...found);
        for (const incident of joined.add(observation, found))
            incidents.set(incident.id, incident);
    }
    return {
        signals,
        incidents: [...incidents.values()].filter((incident) => incident.state !== 'closed'),
        proposals: new Map([...students].map(([service, student]) => [service, student.proposal()])),
        observations: count,
    };
    function studentOf(service) {
        const known = students.get(service);
        if (known !== undefined)
            return known;
        const current = active.get(service)?.contract;
        const made = learner(service, current === undefined ? {} : { current });
        students.set(service, made);
        return made;
    }
    function contractOf(service) {
        const known = compiled.get(service);
        if (known !== undefined)
            return known;
        const version = active.get(service);
        const student = students.get(service);
        if (version !== undefined && version.version > 0)
            return remember(service, version);
        if (student === undefined)
            return version === undefined ? undefined : remember(service, version);
        const { contract } = student.proposal();
        return remember(service, { ...initialVersion(service, 'replay', header.learnUntil), version: 1, contract });
    }
    function remember(service, version) {
        const made = compileContract(version);
        compiled.set(service, made);
        return made;
    }
}
function newestOf(versions) {
    const newest = new Map();
    for (const version of versions) {
        const known = newest.get(version.service);
        if (version.state === 'approved' && (known === undefined || known.version < version.version)) {
            newest.set(version.service, version);
        }
    }
    return newest;
}
