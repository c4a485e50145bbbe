import { Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createSplice } from './splice.js';

/** One end as a child process holds it: `said` is what arrives there; while it does not `reads`, it fills up. */
function end(reads = true) {
  const said: string[] = [];
  const duplex = new Duplex({
    highWaterMark: 16,
    read: () => {},
    write: (chunk: Buffer, _encoding, done) => {
      said.push(chunk.toString());
      if (reads) done();
    },
  });
  return { duplex, says: (text: string) => duplex.push(text), said: () => said.join('') };
}

it('joins two ends, keeps what is said while the other is away, and ends the line that a death cut', async () => {
  const splice = createSplice();
  const [helper, agent, next] = [end(), end(), end()];
  splice.left(helper.duplex);
  helper.says('early\n');
  await turn();
  splice.right(agent.duplex);
  agent.says('question\nhalf a l');
  await turn();
  agent.duplex.destroy();
  await turn();
  splice.right(next.duplex);
  next.says('again\n');
  await turn();
  expect(agent.said()).toBe('early\n');
  expect(helper.said()).toBe('question\nhalf a l\nagain\n');
});

it.each([
  ['before', true],
  ['after', false],
])('hears the successor of one that died while it was full, attached %s the death is noticed', async (_when, early) => {
  const splice = createSplice();
  const [helper, full, next] = [end(), end(false), end()];
  splice.left(helper.duplex);
  splice.right(full.duplex);
  helper.says('x'.repeat(64));
  await turn();
  expect(helper.duplex.isPaused()).toBe(true);
  if (early) splice.right(next.duplex);
  full.duplex.destroy();
  await turn();
  if (!early) splice.right(next.duplex);
  next.says('question\n');
  helper.says('answer\n');
  await turn();
  expect(helper.said()).toContain('question\n');
  expect(next.said()).toContain('answer\n');
});

it('tells the right end that the left one died', async () => {
  const splice = createSplice();
  const agent = end();
  splice.right(agent.duplex);
  splice.lost();
  await turn();
  expect(agent.said()).toBe('\n{"gone":true}\n');
});
