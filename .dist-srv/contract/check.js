/** What the schema cannot see: clauses that contradict themselves, or that can never apply. */
import { isIP } from 'node:net';
import { printable } from '../base/index.js';
import { parseTemplate } from './compile/path-template.js';
export function checkContract(contract) {
    const problems = [];
    const seen = new Set();
    for (const part of partsOf(contract)) {
        const say = (level, text) => problems.push({ level, clause: part.clause, message: printable(`clause \`${part.clause}\` ${text}`, 1_024) });
        if (seen.has(part.clause))
            say('error', 'stands twice; clause ids are unique in a contract');
        seen.add(part.clause);
        for (const template of part.templates) {
            const parsed = parseTemplate(template);
            if (typeof parsed === 'string')
                say('error', `has a path that ${parsed}`);
        }
        for (const pattern of part.patterns) {
            const wrong = patternProblem(pattern);
            if (wrong !== undefined)
                say('error', wrong);
        }
        for (const port of part.ports) {
            if (Number(port.split('/')[1]) > 65_535)
                say('error', `names the port \`${port}\`, over 65535`);
        }
        for (const peer of part.peers)
            checkPeer(peer, part.peersBy, say);
    }
    return [...problems, ...halfOpen(contract)];
}
function checkPeer(peer, by, say) {
    if ('cidr' in peer) {
        const [network = '', bits = ''] = peer.cidr.split('/');
        const family = isIP(network);
        if (family === 0 || Number(bits) > (family === 6 ? 128 : 32)) {
            say('error', `names \`${peer.cidr}\`, which is no address range`);
        }
        else if (by === 'identity')
            say('warning', 'names an address where only identities count; it never applies');
    }
    if ('host' in peer && by !== 'destination') {
        say('warning', 'names a host as caller; callers are known by identity, so it never applies');
    }
    if ('builtin' in peer && peer.builtin === 'public' && by === 'destination') {
        say('warning', 'names the public as destination; name a service, a host or an address range');
    }
}
/** A right that its own network section takes back: the API layer would allow what never gets that far. */
function halfOpen(contract) {
    const problems = [];
    const ingress = contract.network?.ingress;
    const egress = contract.network?.egress;
    for (const clause of ingress === undefined ? [] : (contract.api?.serves ?? [])) {
        for (const peer of clause.from) {
            if (!('service' in peer) || ingress?.some(({ from }) => admits(from, peer.service)) === true)
                continue;
            const text = `clause \`${clause.id}\` lets ${peer.service} call, but no ingress clause lets it connect`;
            problems.push({ level: 'warning', clause: clause.id, message: text });
        }
    }
    for (const clause of egress === undefined ? [] : (contract.api?.calls ?? [])) {
        const to = clause.to;
        if (!('service' in to) || egress?.some((out) => admits(out.to, to.service)) === true)
            continue;
        const text = `clause \`${clause.id}\` lets it call ${to.service}, but no egress clause lets it connect there`;
        problems.push({ level: 'warning', clause: clause.id, message: text });
    }
    return problems;
}
function admits(peer, service) {
    if ('service' in peer)
        return peer.service === service;
    return 'builtin' in peer && peer.builtin === 'any-identity';
}
function patternProblem(pattern) {
    for (const part of pattern.split('/')) {
        if (part === '.' || part === '..')
            return `has the pattern \`${pattern}\` with a dot segment`;
        if (part.includes('**') && part !== '**')
            return `has the pattern \`${pattern}\`: \`**\` stands alone in its segment`;
    }
    if (pattern.includes('//'))
        return `has the pattern \`${pattern}\` with an empty segment`;
    if (pattern.split('/').length > 64)
        return 'has a pattern with more than 64 segments';
    return undefined;
}
function* partsOf(contract) {
    const none = { templates: [], patterns: [], ports: [], peers: [], peersBy: 'identity' };
    for (const { id, path, from } of contract.runtime?.executables ?? []) {
        yield { ...none, clause: id, patterns: from === undefined ? [path] : [path, from] };
    }
    for (const { id, path } of contract.runtime?.files ?? [])
        yield { ...none, clause: id, patterns: [path] };
    for (const { id, from, ports } of contract.network?.ingress ?? []) {
        yield { ...none, clause: id, ports, peers: [from], peersBy: 'source' };
    }
    for (const { id, to, ports } of contract.network?.egress ?? []) {
        yield { ...none, clause: id, ports, peers: [to], peersBy: 'destination' };
    }
    for (const { id, path, from } of contract.api?.serves ?? []) {
        yield { ...none, clause: id, templates: [path], peers: from };
    }
    for (const { id, path, to } of contract.api?.calls ?? []) {
        yield { ...none, clause: id, templates: [path], peers: [to], peersBy: 'destination' };
    }
    for (const deny of contract.deny ?? []) {
        switch (deny.layer) {
            case 'runtime':
                yield { ...none, clause: deny.id, patterns: [deny.executable, deny.file].flatMap((each) => each ?? []) };
                break;
            case 'network':
                yield { ...none, clause: deny.id, ports: deny.ports ?? [], peers: [deny.to], peersBy: 'destination' };
                break;
            case 'api':
                yield { ...none, clause: deny.id, templates: [deny.path], peers: deny.from ?? [] };
                break;
            default:
                deny;
        }
    }
}
