// Contracts of a service with many operations: 50 callers, typed and plain paths, as a large monolith would have.
export function contractOf(clauses, changed = () => false) {
  const serves = Array.from({ length: clauses }, (_, number) => ({
    id: `op-${number}`,
    methods: [number % 3 === 0 ? 'POST' : 'GET'],
    path: number % 2 === 0 ? `/area${number % 100}/thing${number}/{id:int}` : `/area${number % 100}/thing${number}`,
    from: [{ service: `caller-${(changed(number) ? number + 1 : number) % 50}` }],
  }));
  return {
    apiVersion: 'tricordon/v1',
    kind: 'Contract',
    service: 'monolith',
    mode: { runtime: 'off', network: 'off', api: 'enforce' },
    api: { serves },
  };
}
