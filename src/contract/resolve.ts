/** A contract with everything it extends, and its exceptions, as one contract that stands by itself. Pure. */
import type { Base, Contract } from '../model/index.js';
import { clausesOf } from './clauses.js';
import { canonicalJson, documentDigest } from './digest.js';
import { ContractError } from './error.js';
import { nearestName } from './nearest-name.js';

type Parts = Pick<Contract, 'runtime' | 'network' | 'api' | 'deny'>;
type Parent = NonNullable<Contract['extends']>[number];
type FindBase = (name: string, version: number) => Base | undefined;

const deepest = 8;

/**
 * (own and inherited clauses, without those it removes) and exceptions as clauses that end. An inherited clause is called
 * `BASE/CLAUSE`. A section is present if any of them has it; what is one value (root file system, resources) is the
 * narrower. An exception to a section that nothing manages is none.
 *
 * @throws ContractError `contract-base` for a base that is not known, has another digest, or extends itself;
 * `contract-meaning` for a removal of what is not inherited, or of a deny.
 */
export function resolveContract(contract: Contract, find: FindBase): Contract {
  const { extends: parents, remove, exceptions, ...own } = contract;
  const inherited = without(inheritedOf(parents ?? [], find, []), remove ?? [], contract.service);
  return withExceptions({ ...own, ...joined([own, ...inherited]) }, exceptions ?? []);
}

function inheritedOf(parents: readonly Parent[], find: FindBase, way: readonly string[]): readonly Parts[] {
  const seen = new Set<string>();
  return parents.flatMap(({ name, version, digest }) => {
    if (seen.has(name)) throw new ContractError('contract-base', `\`${name}\` is extended twice`);
    seen.add(name);
    if (way.includes(name))
      throw new ContractError('contract-base', `\`${name}\` extends itself: ${[...way, name].join(' -> ')}`);
    if (way.length >= deepest) throw new ContractError('contract-base', `more than ${deepest} bases extend each other`);
    const base = find(name, version);
    if (base === undefined)
      throw new ContractError('contract-base', `the base \`${name}\` version ${version} is not known`, {
        hint: 'put its file (kind: Base) beside the contract',
      });
    const real = documentDigest(base);
    if (real !== digest)
      throw new ContractError('contract-base', `the base \`${name}\` version ${version} is ${real}, not ${digest}`, {
        hint: `read what changed, then pin the digest ${real}`,
      });
    const above = without(inheritedOf(base.extends ?? [], find, [...way, name]), base.remove ?? [], name);
    return [prefixed(base, name), ...above];
  });
}

function prefixed({ runtime, network, api, deny }: Parts, name: string): Parts {
  const named = <C extends { readonly id: string }>(clauses: readonly C[] | undefined): C[] | undefined =>
    clauses?.map((clause) => ({ ...clause, id: `${name}/${clause.id}` }));
  return defined({
    runtime:
      runtime &&
      defined({
        ...runtime,
        executables: named(runtime.executables),
        files: named(runtime.files),
        mounts: named(runtime.mounts),
      }),
    network: network && defined({ ingress: named(network.ingress), egress: named(network.egress) }),
    api:
      api &&
      defined({
        listeners: api.listeners,
        serves: named(api.serves),
        calls: named(api.calls),
        messages:
          api.messages && defined({ publish: named(api.messages.publish), subscribe: named(api.messages.subscribe) }),
      }),
    deny: named(deny),
  });
}

function without(inherited: readonly Parts[], remove: readonly string[], by: string): readonly Parts[] {
  if (remove.length === 0) return inherited;
  const all = inherited.flatMap((parts) => clausesOf(parts));
  for (const id of remove) {
    const found = all.find(({ clause }) => clause.id === id);
    if (found?.section === 'deny')
      throw new ContractError('contract-meaning', `\`${by}\` removes \`${id}\`, a deny: those are never lifted`);
    if (found !== undefined) continue;
    const meant = nearestName(
      id,
      all.map(({ clause }) => clause.id),
    );
    throw new ContractError('contract-meaning', `\`${by}\` removes \`${id}\`, which it does not inherit`, {
      hint: meant === undefined ? 'an inherited clause is called BASE/CLAUSE' : `did you mean \`${meant}\`?`,
    });
  }
  const gone = new Set(remove);
  const kept = <C extends { readonly id: string }>(clauses: readonly C[] | undefined): C[] | undefined =>
    clauses?.filter(({ id }) => !gone.has(id));
  return inherited.map(({ runtime, network, api, deny }) =>
    defined({
      runtime:
        runtime &&
        defined({
          ...runtime,
          executables: kept(runtime.executables),
          files: kept(runtime.files),
          mounts: kept(runtime.mounts),
        }),
      network: network && defined({ ingress: kept(network.ingress), egress: kept(network.egress) }),
      api:
        api &&
        defined({
          listeners: api.listeners,
          serves: kept(api.serves),
          calls: kept(api.calls),
          messages:
            api.messages && defined({ publish: kept(api.messages.publish), subscribe: kept(api.messages.subscribe) }),
        }),
      deny,
    }),
  );
}

function joined(all: readonly Parts[]): Parts {
  const runtimes = all.flatMap(({ runtime }) => runtime ?? []);
  const networks = all.flatMap(({ network }) => network ?? []);
  const apis = all.flatMap(({ api }) => api ?? []);
  const messages = apis.flatMap((api) => api.messages ?? []);
  return defined({
    runtime: runtimes.length === 0 ? undefined : joinedRuntime(runtimes),
    network:
      networks.length === 0
        ? undefined
        : defined({
            ingress: union(networks.map(({ ingress }) => ingress)),
            egress: union(networks.map(({ egress }) => egress)),
          }),
    api:
      apis.length === 0
        ? undefined
        : defined({
            listeners: distinct(union(apis.map(({ listeners }) => listeners))),
            serves: union(apis.map(({ serves }) => serves)),
            calls: union(apis.map(({ calls }) => calls)),
            messages:
              messages.length === 0
                ? undefined
                : defined({
                    publish: union(messages.map(({ publish }) => publish)),
                    subscribe: union(messages.map(({ subscribe }) => subscribe)),
                  }),
          }),
    deny: union(all.map(({ deny }) => deny)),
  });
}

type Runtime = NonNullable<Contract['runtime']>;

function joinedRuntime(all: readonly Runtime[]): Runtime {
  const syscalls = all.flatMap((one) => one.syscalls ?? []);
  const resources = all.flatMap((one) => one.resources ?? []);
  const io = resources.flatMap((one) => one.io ?? []);
  const said = <T>(values: readonly (T | undefined)[], first: T): T | undefined =>
    values.includes(first) ? first : values.find((value) => value !== undefined);
  return defined({
    user: all.find(({ user }) => user !== undefined)?.user,
    rootfs: said(
      all.map(({ rootfs }) => rootfs),
      'readonly',
    ),
    privilegeEscalation: said(
      all.map(({ privilegeEscalation }) => privilegeEscalation),
      false,
    ),
    executables: union(all.map(({ executables }) => executables)),
    files: union(all.map(({ files }) => files)),
    mounts: union(all.map(({ mounts }) => mounts)),
    capabilities: distinct(union(all.map(({ capabilities }) => capabilities))),
    syscalls:
      syscalls.length === 0
        ? undefined
        : defined({
            base: syscalls.find(({ base }) => base !== undefined)?.base,
            add: distinct(union(syscalls.map(({ add }) => add))),
            remove: distinct(union(syscalls.map(({ remove }) => remove))),
          }),
    resources:
      resources.length === 0
        ? undefined
        : defined({
            cpu: least(resources.map(({ cpu }) => cpu)),
            memory: least(resources.map(({ memory }) => bytesOf(memory))),
            pids: least(resources.map(({ pids }) => pids)),
            io:
              io.length === 0
                ? undefined
                : defined({
                    read: least(io.map(({ read }) => bytesOf(read))),
                    write: least(io.map(({ write }) => bytesOf(write))),
                  }),
          }),
  });
}

function withExceptions(contract: Contract, exceptions: NonNullable<Contract['exceptions']>): Contract {
  let { runtime, network, api } = contract;
  for (const { id, until, allow } of exceptions) {
    const end = <T extends { readonly until?: string | undefined }>(clause: T) => ({
      ...clause,
      id,
      until: clause.until === undefined || Date.parse(clause.until) > Date.parse(until) ? until : clause.until,
    });
    const { executable, file, ingress, egress, serve, call, publish, subscribe } = allow;
    if (executable !== undefined && runtime?.executables !== undefined)
      runtime = { ...runtime, executables: [...runtime.executables, end(executable)] };
    if (file !== undefined && runtime?.files !== undefined)
      runtime = { ...runtime, files: [...runtime.files, end(file)] };
    if (ingress !== undefined && network?.ingress !== undefined)
      network = { ...network, ingress: [...network.ingress, end(ingress)] };
    if (egress !== undefined && network?.egress !== undefined)
      network = { ...network, egress: [...network.egress, end(egress)] };
    if (serve !== undefined && api?.serves !== undefined) api = { ...api, serves: [...api.serves, end(serve)] };
    if (call !== undefined && api?.calls !== undefined) api = { ...api, calls: [...api.calls, end(call)] };
    const messages = api?.messages;
    if (publish !== undefined && messages?.publish !== undefined)
      api = { ...api, messages: { ...messages, publish: [...messages.publish, end(publish)] } };
    if (subscribe !== undefined && messages?.subscribe !== undefined)
      api = { ...api, messages: { ...messages, subscribe: [...messages.subscribe, end(subscribe)] } };
  }
  return defined({ ...contract, runtime, network, api });
}

/** `512Mi` in bytes. */
export function bytesOf(amount: number | string | undefined): number | undefined {
  if (amount === undefined || typeof amount === 'number') return amount;
  const power = ['Ki', 'Mi', 'Gi', 'Ti'].indexOf(amount.slice(-2)) + 1;
  return Number(amount.slice(0, -2)) * 1_024 ** power;
}

function union<T>(lists: readonly (readonly T[] | undefined)[]): T[] | undefined {
  const there = lists.filter((list) => list !== undefined);
  return there.length === 0 ? undefined : there.flat();
}

function distinct<T>(list: readonly T[] | undefined): T[] | undefined {
  return list && [...new Map(list.map((one) => [canonicalJson(one), one])).values()];
}

function least(values: readonly (number | undefined)[]): number | undefined {
  const there = values.filter((value) => value !== undefined);
  return there.length === 0 ? undefined : Math.min(...there);
}

/** Without members that are undefined, which would read as given. */
function defined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;
}
