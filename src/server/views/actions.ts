import type { z } from 'zod';
import { printable } from '../../base/index.js';
import type { Action, ActionKind } from '../../model/index.js';
import type { ActionRow } from '../api/actions.js';

const phrases: Readonly<Record<ActionKind, (whom: string) => string>> = {
  pause: (whom) => `Pause ${whom}`,
  resume: (whom) => `Let ${whom} go on`,
  isolate: (whom) => `Cut ${whom} off from the network`,
  rejoin: (whom) => `Put ${whom} back on the network`,
  kill: (whom) => `Kill ${whom}`,
  restart: (whom) => `Restart ${whom} from its approved code`,
  revoke: (whom) => `Withdraw the identity of ${whom}`,
  collect: (whom) => `Collect and seal evidence of ${whom}`,
  enforce: (whom) => `Enforce the contract of ${whom} on every layer`,
};

export function actionSentence(action: Action): string {
  return printable(phrases[action.kind](action.workload ?? action.service), 300);
}

export function actionRow(action: Action): z.infer<typeof ActionRow> {
  return {
    ...action,
    detail: printable(action.detail, 2_000),
    sentence: actionSentence(action),
    applicable: action.status === 'planned' || action.status === 'failed',
    undoable: action.status === 'done' && action.undo !== null,
    tookMs: action.finishedAt === null ? null : Math.max(0, action.finishedAt - action.requestedAt),
  };
}
