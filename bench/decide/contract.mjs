// The workload in our own terms: one contract, and requests to its service with a proved identity.

export function contractOf(clauses) {
  return {
    apiVersion: 'tricordon/v1',
    kind: 'Contract',
    service: 'measured',
    mode: { runtime: 'off', network: 'off', api: 'enforce' },
    api: {
      serves: clauses.map(({ id, method, path, callers }) => ({
        id,
        methods: [method],
        path,
        from: callers.map((service) => ({ service })),
      })),
    },
  };
}

export function serveRequest({ method, path, caller }) {
  return { caller: `spiffe://bench.test/service/${caller}`, callerService: caller, method, path };
}
