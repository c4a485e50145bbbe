import type { ActionKind } from '../../model/index.js';
import { RespondError } from '../errors.js';
import type { ServiceAction, WorkloadAction } from './action.js';
import { collect } from './collect.js';
import { enforce } from './enforce.js';
import { isolate } from './isolate.js';
import { kill } from './kill.js';
import { pause } from './pause.js';
import { rejoin } from './rejoin.js';
import { restart } from './restart.js';
import { resume } from './resume.js';
import { revoke } from './revoke.js';

export const actions: readonly (WorkloadAction | ServiceAction)[] = [
  pause,
  resume,
  collect,
  isolate,
  rejoin,
  revoke,
  kill,
  restart,
  enforce,
];

/** @throws RespondError `action-unknown` */
export function actionOf(kind: ActionKind): WorkloadAction | ServiceAction {
  const found = actions.find((action) => action.kind === kind);
  if (found === undefined) throw new RespondError('action-unknown', `there is no action \`${kind}\``);
  return found;
}
