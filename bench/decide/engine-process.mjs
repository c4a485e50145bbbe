// One engine in a process of its own, so that no engine's heap or compiled code weighs on another's. Answers the orders that
// README.md describes, one line of JSON each. Arguments: engine, callers, clauses, requests, how many are compared, and the folder of the peers.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { bytesPerDecision } from './allocation.mjs';
import { workload } from './workload.mjs';

const [name, callers, clauses, requests, compared, cache] = process.argv.slice(2);
const made = workload({ callers: Number(callers), clauses: Number(clauses), requests: Number(requests) });
const { load } = await import(`./engines/${name}.mjs`);
const { compileSeconds, prepare, decide, clauseOf } = await load(
  made.clauses,
  createRequire(join(cache, 'package.json')),
);
const prepared = made.requests.map(prepare);
let at = 0;

const orders = {
  answers: () => ({ answers: prepared.slice(0, Number(compared)).map((request) => clauseOf(decide(request))) }),
  round: (milliseconds) => round(Number(milliseconds), decide),
  explained: (milliseconds) => round(Number(milliseconds), explained),
  latency: (count) => latency(Number(count)),
  allocation: (count) => allocation(Number(count)),
};

say({ ready: true, ...(compileSeconds === undefined ? {} : { compileSeconds }) });
for await (const line of createInterface({ input: process.stdin })) {
  const [order, argument] = line.split(' ');
  if (orders[order] === undefined) throw new Error(`unknown order \`${order}\``);
  say(orders[order](argument));
}

/** The clock is read between batches, which grow until one takes 5 ms: an engine of few decisions per second ends in time too. */
function round(milliseconds, one) {
  const began = performance.now();
  let now = began;
  let decisions = 0;
  let allowed = 0;
  for (let batch = 1; now - began < milliseconds; ) {
    for (let count = 0; count < batch; count += 1) if (one(next()).effect === 'allow') allowed += 1;
    decisions += batch;
    const last = now;
    now = performance.now();
    if (now - last < 5) batch *= 2;
  }
  return { decisions, allowed, seconds: (now - began) / 1_000 };
}

/** With what a refusal says of itself read, which ours works out then. */
function explained(request) {
  const decision = decide(request);
  if (decision.effect !== 'allow' && decision.nearest === undefined)
    throw new Error('a refusal without its nearest clause');
  return decision;
}

/** After each request was decided once: what is made once for a clause belongs to the table. */
function allocation(count) {
  for (const request of prepared) decide(request);
  return { bytes: bytesPerDecision(count, () => decide(next())) };
}

/** Each decision between two readings of the clock, whose own cost counts in. */
function latency(count) {
  const nanoseconds = new Float64Array(count);
  for (let index = 0; index < count; index += 1) {
    const request = next();
    const began = process.hrtime.bigint();
    decide(request);
    nanoseconds[index] = Number(process.hrtime.bigint() - began);
  }
  nanoseconds.sort();
  return { p99: nanoseconds[Math.floor(count * 0.99)] / 1_000 };
}

function next() {
  const request = prepared[at];
  at = at + 1 === prepared.length ? 0 : at + 1;
  return request;
}

function say(answer) {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
