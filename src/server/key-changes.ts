/** Changes of keys in the audit trail, each once: also one whose process was killed before it could say so. */
import type { Store } from '../store/index.js';

export interface KeyInForce {
  /** As `key list` calls it; for one of several, with what it belongs to: `spool web-1`. */
  readonly subject: string;
  /** Says which key it is, and nothing else of it. */
  readonly id: string;
}

/** The key that is seen first is no change. True: it was told. */
export async function tellKeyChange(
  store: Pick<Store, 'transaction' | 'settings'>,
  { subject, id }: KeyInForce,
  by: string,
): Promise<boolean> {
  const name = `key-in-force/${subject}`;
  if ((await store.settings.get(name)) === id) return false;
  return store.transaction(async ({ audit, settings }) => {
    const before = await settings.putIfAbsent(name, id);
    if (before === id) return false;
    await settings.put(name, id);
    await audit.append({ actor: by, action: 'key.rotate', subject, detail: { from: before, to: id } });
    return true;
  });
}
