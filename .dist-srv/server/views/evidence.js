export function evidenceRow(manifest, manifestDigest, checked) {
    return {
        id: manifest.id,
        incident: manifest.incident,
        service: manifest.service,
        workload: manifest.workload,
        host: manifest.host,
        collectedAt: manifest.collectedAt,
        files: manifest.files.length,
        bytes: manifest.files.reduce((sum, file) => sum + file.bytes, 0),
        missing: manifest.missing,
        manifestDigest,
        verified: checked === undefined ? 'not-checked' : checked.problems.length === 0 ? 'ok' : 'broken',
        problems: checked === undefined ? [] : [...checked.problems],
    };
}
