/**
 * The resolver of a captured workload: it answers names that the contract lets it reach somewhere, each with a virtual
 * address, and refuses all others. DNS over TCP alone (RFC 7766); who asks over UDP is sent here by the inlet.
 */
import type { Socket } from 'node:net';
import type { Decision } from '../../model/index.js';
import { recordFlow } from '../flow-record.js';
import { hasRoom, isIsolated, live, ownContract, type PlaneState } from '../plane-state.js';
import { cut } from '../sockets.js';
import { answerTo, answerToMalformed, type DnsQuestion, parseQuestion } from './dns-message.js';
import { decideName } from './name-decision.js';
import { isOutside, type NameBook } from './name-book.js';

export const dnsPort = 53;
/** Seconds. */
const answerTtl = 30;
/** Longer queries carry no question of ours. */
const longestQuery = 512;
const mostPending = 16;
const idleMs = 10_000;

/** @param known declared names, which stand in the workload's hosts file with their addresses */
export function resolveFor(
  state: PlaneState,
  book: NameBook,
  known: ReadonlyMap<string, string>,
  socket: Socket,
): void {
  socket.on('error', () => {});
  if (!hasRoom(state)) {
    cut(socket);
    return;
  }
  const connection = live(state, Number.POSITIVE_INFINITY, () => true, {
    drain: () => socket.end(),
    destroy: () => cut(socket),
  });
  let held = Buffer.alloc(0);
  let pending = 0;
  socket.setTimeout(idleMs, () => cut(socket));
  socket.on('close', () => connection.over());
  socket.on('end', () => socket.end());
  socket.on('data', (chunk: Buffer) => {
    held = Buffer.concat([held, chunk]);
    while (held.length >= 2) {
      const length = held.readUInt16BE(0);
      if (length > longestQuery || pending >= mostPending) {
        cut(socket);
        return;
      }
      if (held.length < 2 + length) return;
      const message = held.subarray(2, 2 + length);
      held = held.subarray(2 + length);
      pending += 1;
      void answer(message).then((said) => {
        pending -= 1;
        if (said === undefined) cut(socket);
        else if (socket.writable) socket.write(framed(said));
      });
    }
  });

  async function answer(message: Buffer): Promise<Buffer | undefined> {
    const question = parseQuestion(message);
    if (question === undefined) return answerToMalformed(message);
    const address = known.get(question.name);
    if (address !== undefined) return found(question, address);
    const own = ownContract(state);
    if (own === undefined || isIsolated(state, undefined)) return answerTo(question, 'refused', [], 0);
    // Without leave to go there nobody outside learns that it was asked for: names carry data, too.
    const before = decideName(own, question.name, state);
    if (before.effect === 'deny') return refuse(question, before);
    const resolved = await book.resolve(question.name);
    if (resolved.kind === 'failed') return answerTo(question, 'failed', [], 0);
    if (resolved.kind === 'unknown' || !resolved.addresses.some(isOutside)) return answerTo(question, 'unknown', [], 0);
    return found(question, book.addressOf(question.name));
  }

  function refuse(question: DnsQuestion, decision: Decision): Buffer {
    // A client asks for both kinds of address; one record tells enough.
    if (question.type === 'A')
      recordFlow(state.context, {
        direction: 'out',
        decision,
        peer: '',
        caller: '',
        mtls: false,
        address: question.name,
        port: dnsPort,
      });
    return answerTo(question, 'refused', [], 0);
  }
}

/** There is no IPv6 in a captured namespace: the name has an address, of another kind. */
function found(question: DnsQuestion, address: string): Buffer {
  return answerTo(question, 'good', question.type === 'A' ? [address] : [], answerTtl);
}

function framed(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length, 0);
  return Buffer.concat([length, message]);
}
