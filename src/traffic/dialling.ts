import type { Socket } from 'node:net';
import { codeOf } from '../base/index.js';

const dialMs = 5_000;

/** Exactly one of `opened` and `failed` is called; dialling is bounded in time. */
export function armed(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  opened: () => void,
  failed: (code: string) => void,
): void {
  const timer = setTimeout(() => settle('ETIMEDOUT'), dialMs);
  const onError = (error: Error) => settle(codeOf(error) ?? 'error');
  const onClose = () => settle('closed');
  let settled = false;
  function settle(code: string | undefined): void {
    if (settled) return;
    settled = true;
    clearTimeout(timer);
    socket.off('close', onClose);
    if (code === undefined) {
      socket.off('error', onError);
      opened();
      return;
    }
    socket.on('error', () => {});
    socket.destroy();
    failed(code);
  }
  socket.once(event, () => settle(undefined));
  socket.on('error', onError);
  socket.once('close', onClose);
}
