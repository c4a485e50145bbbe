export function actionTable(output, actions) {
    if (actions.length === 0)
        return 'nothing to do';
    return output.table(['ACTION', 'KIND', 'STATUS', 'WHAT', 'DETAIL'], actions.map((action) => [action.id, action.kind, action.status, action.sentence, action.detail]));
}
