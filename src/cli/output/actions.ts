import type { ActionRow } from '../../server/index.js';
import type { Output } from './output.js';

export function actionTable(output: Output, actions: readonly ActionRow[]): string {
  if (actions.length === 0) return 'nothing to do';
  return output.table(
    ['ACTION', 'KIND', 'STATUS', 'WHAT', 'DETAIL'],
    actions.map((action) => [action.id, action.kind, action.status, action.sentence, action.detail]),
  );
}
