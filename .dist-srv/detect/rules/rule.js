/** How the workload is called in a title. */
export function who(observation) {
    return observation.service ?? observation.workload ?? observation.host;
}
/** The approved contract lists this program: whatever it is, it is no surprise. */
export function isListedProgram(path, context) {
    const decision = context.contract?.decideExec({ path, parentPath: context.parentPath });
    return decision?.effect === 'allow' && decision.reason === 'allowed';
}
/** The approved contract lists this very file by name; a pattern that happens to take it in does not count. */
export function isListedFile(path, access, context) {
    return (context.contract?.version.contract.runtime?.files?.some((clause) => clause.access === access && clause.path === path) === true);
}
export function baseName(path) {
    return path.slice(path.lastIndexOf('/') + 1);
}
