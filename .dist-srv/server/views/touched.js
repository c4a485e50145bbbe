import { printable } from '../../base/index.js';
const maxNodes = 60;
export function touchedBy(incident, observations) {
    const nodes = new Map();
    const edges = new Map();
    for (const signal of incident.signals) {
        const observation = observations.get(signal.observation);
        if (observation !== undefined && observation.service !== null)
            add(signal, observation, observation.service);
    }
    return { nodes: [...nodes.values()], edges: [...edges.values()] };
    function add(signal, { event, join }, service) {
        const home = node(service === 'gateway' ? 'gateway' : 'service', service, incident.services.includes(service));
        // A process of its own only where something was started in it: the service's own process is the service.
        const here = join.pid !== undefined && nodes.has(`process:${join.pid}`) ? `process:${join.pid}` : home;
        switch (event.kind) {
            case 'exec': {
                const parent = join.ppid !== undefined && nodes.has(`process:${join.ppid}`) ? `process:${join.ppid}` : home;
                const label = `${event.path.split('/').at(-1) ?? event.path} (pid ${join.pid ?? '?'})`;
                edge(signal, parent, node('process', label, true, `process:${join.pid ?? event.path}`), 'started');
                return;
            }
            case 'open':
                edge(signal, here, node('file', event.path, false), event.write ? 'wrote' : 'read');
                return;
            case 'connect':
            case 'accept':
                edge(signal, here, node('peer', `${event.address}:${event.port}`, false), event.kind);
                return;
            case 'flow':
            case 'request': {
                const label = event.kind === 'request' ? `${event.method} ${event.path}` : 'tcp';
                const address = event.kind === 'flow' ? `${event.address}:${event.port}` : (join.socket?.peer.address ?? 'unknown');
                const other = otherEnd(event.peer, service, event.direction, address);
                if (event.direction === 'in')
                    edge(signal, other, home, label);
                else
                    edge(signal, here, other, label);
                return;
            }
            case 'stdio-socket':
            case 'denied-syscall':
            case 'exit':
            case 'sensor':
                return;
        }
    }
    function otherEnd(peer, service, direction, address) {
        if (peer !== undefined)
            return node(peer === 'gateway' ? 'gateway' : 'service', peer, incident.services.includes(peer));
        return direction === 'in' && service === 'gateway'
            ? node('outside', 'visitors', false)
            : node('peer', address, false);
    }
    function node(kind, label, hot, key) {
        const id = printable(key ?? `${kind}:${label}`, 300);
        const known = nodes.get(id);
        if (known === undefined && nodes.size < maxNodes)
            nodes.set(id, { id, kind, label: printable(label, 120), hot });
        return id;
    }
    function edge(signal, from, to, label) {
        if (from === to || !nodes.has(from) || !nodes.has(to))
            return;
        const key = `${from}>${to}>${signal.layer}`;
        const known = edges.get(key);
        if (known === undefined)
            edges.set(key, {
                from,
                to,
                layer: signal.layer,
                refused: signal.outcome === 'refused',
                label: printable(label, 120),
            });
        else
            edges.set(key, { ...known, refused: known.refused || signal.outcome === 'refused' });
    }
}
