import { layers } from '../../model/index.js';
export function summary(output, report, problems, ready, seconds) {
    const incident = report.incidents[0];
    const lines = [
        '',
        output.style('strong', problems.length === 0 ? 'Everything held.' : 'Not everything held:'),
        ...problems.map((problem) => `  ${problem}`),
        '',
    ];
    if (incident !== undefined) {
        const signals = layers.map((layer) => `${incident.signals[layer]} ${layer}`).join(', ');
        lines.push(`Incident            ${incident.id}: ${report.attack.name}`, `Time to detect      ${incident.detectMs} ms after the first step`, `Time to contain     ${incident.containMs === null ? 'not contained' : `${incident.containMs} ms after the first step`}`, `Signals             ${signals}`);
    }
    lines.push(`Benign requests     ${report.traffic.requests}, wrongly refused ${report.traffic.denied}`, `Evidence            ${report.evidence.bundle ?? 'none'}${report.evidence.verified ? ', verified' : ''}`, `Shop restored       ${report.restored ? 'yes' : 'no'}`, `Attack repeated     dies at: ${report.hardened.firstStep ?? 'nowhere'} (${report.hardened.outcome})`, `Took                ${seconds.toFixed(0)} s`);
    if (ready !== undefined) {
        lines.push('', `Console      ${ready.console}`, `Sign in      ${ready.login}   (once)`, `Certificate  SHA-256 ${ready.fingerprint}`);
    }
    return lines.join('\n');
}
