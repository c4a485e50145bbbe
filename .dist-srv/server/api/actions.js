import { z } from 'zod';
import { Action, ActionKind } from '../../model/index.js';
import { ServiceRef } from './common.js';
/** An action as the console shows it. */
export const ActionRow = Action.extend({
    /** What it does, and to whom, in one sentence. */
    sentence: z.string(),
    /** May it be applied now (status `planned` or `failed`)? */
    applicable: z.boolean(),
    /** May it be undone now (`done`, and there is a way back)? */
    undoable: z.boolean(),
    tookMs: z.number().nullable(),
});
/** `POST /v1/actions/plan`: what would be done. Either for an incident, or chosen kinds for a service. */
export const PlanRequest = z.union([
    z.strictObject({ incident: z.string().regex(/^INC-[0-9]+$/) }),
    z.strictObject({
        service: ServiceRef,
        kinds: z.array(ActionKind).min(1).max(9),
        incident: z
            .string()
            .regex(/^INC-[0-9]+$/)
            .optional(),
    }),
]);
/** `POST /v1/actions/apply`: approves planned actions; the agents carry them out in the order given. */
export const ApplyRequest = z.strictObject({ actions: z.array(z.string().max(64)).min(1).max(64) });
/** `POST /v1/actions/:id/undo`. The answer holds the new action that goes back. */
export const ActionsAnswer = z.strictObject({ actions: z.array(ActionRow) });
/** `GET /v1/actions?incident=&service=`. */
export const ActionsQuery = z.strictObject({
    incident: z
        .string()
        .regex(/^INC-[0-9]+$/)
        .optional(),
    service: ServiceRef.optional(),
});
