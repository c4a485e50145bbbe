// The contracts of the measured hop: 50 operations, as a service of some size has, the used one among them.
const modes = { runtime: 'off', network: 'enforce', api: 'enforce' };
const base = { apiVersion: 'tricordon/v1', kind: 'Contract', mode: modes };
const operations = Array.from({ length: 49 }, (_, index) => ({
  id: `op-${index}`,
  methods: ['GET', 'POST'],
  path: `/v1/group${index % 7}/thing${index}/{id:int}`,
}));

export const port = 8_080;
export const calleeContract = {
  ...base,
  service: 'callee',
  network: { ingress: [{ id: 'in-caller', from: { service: 'caller' }, ports: [`tcp/${port}`] }] },
  api: {
    serves: [...operations, { id: 'item', methods: ['GET'], path: '/items/{id:int}' }].map((operation) => ({
      ...operation,
      from: [{ service: 'caller' }],
    })),
  },
};
export const callerContract = {
  ...base,
  service: 'caller',
  network: { egress: [{ id: 'out-callee', to: { service: 'callee' }, ports: [`tcp/${port}`] }] },
  api: {
    serves: [],
    calls: [...operations, { id: 'item', methods: ['GET'], path: '/items/{id:int}' }].map((operation) => ({
      ...operation,
      to: { service: 'callee' },
    })),
  },
};
