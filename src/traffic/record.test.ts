import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Observation } from '../model/index.js';
import { malformed } from './decisions.js';
import { observationJson, type RecordSubject } from './record.js';
import { RecordRing } from './record-ring.js';

const subject: RecordSubject = {
  host: 'host-a',
  service: 'shop',
  workload: 'shop-host-a-00000001',
  identity: 'spiffe://house.test/service/shop',
  source: 'sidecar',
  boot: 'b00t',
};

describe('records', () => {
  test('are observations, whatever text is in them, in one line of ASCII', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.boolean(),
        fc.integer({ min: 0, max: 65_535 }),
        (text, api, port) => {
          const ring = new RecordRing(4);
          const slot = ring.add();
          slot.kind = api ? 'request' : 'flow';
          slot.at = 1_700_000_000_000.25;
          slot.method = text;
          slot.path = text;
          slot.address = text;
          slot.localPort = port;
          slot.peerPort = port;
          slot.peerAddress = '127.0.0.1';
          slot.durationMs = 1.23456;
          slot.caller = 'spiffe://house.test/service/orders';
          slot.peer = 'orders';
          slot.decision = {
            ...malformed,
            nearest: { clause: 'c', failed: [{ predicate: 'path', wanted: '/a', got: text }] },
          };
          const json = observationJson(slot, subject);
          expect(json).toMatch(/^[\x20-\x7e]*$/);
          const seen = Observation.parse(JSON.parse(json));
          expect(seen.id).toBe('host-a:b00t:1');
          if (seen.event.kind === 'request') expect(seen.event.path).toBe(text.slice(0, 4_096));
        },
      ),
    );
  });

  test('wait until they are acknowledged; when too many wait the oldest are lost and counted', () => {
    const ring = new RecordRing(3);
    for (let count = 1; count <= 5; count += 1) ring.add().path = `/${count}`;
    expect(ring.lost).toBe(2);
    expect([ring.at(2)?.path, ring.at(3)?.path, ring.at(5)?.path, ring.at(6)?.path]).toEqual([
      undefined,
      '/3',
      '/5',
      undefined,
    ]);
    ring.acknowledge(99);
    expect(ring.buffered).toBe(3);
    ring.acknowledge(4);
    ring.acknowledge(2);
    expect([ring.buffered, ring.oldest, ring.at(4), ring.at(5)?.path]).toEqual([1, 5, undefined, '/5']);
    for (let count = 6; count <= 7; count += 1) ring.add().path = `/${count}`;
    expect([ring.lost, ring.at(5)?.path, ring.at(6)?.path, ring.at(7)?.path]).toEqual([2, '/5', '/6', '/7']);
  });
});
