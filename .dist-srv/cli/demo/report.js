/** Every reason why the demo did not hold; empty is success. */
export function shortcomings(report) {
    const found = [];
    const { coverage } = report;
    if (coverage === null)
        return ["nothing is known of this host's coverage"];
    if (report.incidents.length !== 1)
        found.push(`${report.incidents.length} incidents instead of one`);
    for (const step of report.attack.steps) {
        if (step.outcome === 'failed')
            found.push(`the step \`${step.name}\` could not be carried out`);
        if (step.outcome === 'unseen' && coverage[step.layer].level === 'full')
            found.push(`the step \`${step.name}\` was not seen in a covered layer`);
        if (step.outcome === 'unseen' && coverage[step.layer].gaps.length === 0)
            found.push(`the step \`${step.name}\` was not seen, and no gap says so`);
    }
    if (report.attack.steps.length === 0)
        found.push('the attack did not run');
    if (report.traffic.denied !== 0)
        found.push(`${report.traffic.denied} benign requests were refused`);
    if (report.hardened.outcome !== 'refused')
        found.push(`the repeated attack was ${report.hardened.outcome}, not refused`);
    if (!report.evidence.verified)
        found.push('the evidence bundle does not verify');
    if (!report.restored)
        found.push('the service was not restored');
    if (report.incidents.some((incident) => incident.containMs === null))
        found.push('the incident was not contained');
    return found;
}
