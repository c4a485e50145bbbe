import { z } from 'zod';
import { Observation } from '../model/index.js';
/** JSON Schema (draft 2020-12) of one observation, as published in docs/reference/observation.schema.json. */
export function observationJsonSchema() {
    const schema = z.toJSONSchema(Observation, { target: 'draft-2020-12', io: 'input' });
    return {
        ...schema,
        title: 'Observation',
        description: 'One event at one layer, with the keys that join it to others.',
    };
}
