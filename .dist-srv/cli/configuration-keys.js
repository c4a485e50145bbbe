import { z } from 'zod';
import { Configuration } from '../model/index.js';
/** Every setting with its type, default and description, read off the schema. */
export function configurationDocs() {
    const docs = [];
    walk(configurationJsonSchema(), '');
    return docs;
    function walk(shape, prefix) {
        for (const [name, inner] of Object.entries(shape.properties ?? {})) {
            const key = prefix === '' ? name : `${prefix}.${name}`;
            const fallback = inner.default === undefined ? '' : JSON.stringify(inner.default);
            docs.push({ key, type: typeName(inner), default: fallback, description: inner.description ?? '' });
            walk(inner, key);
            if (inner.items?.properties !== undefined)
                walk(inner.items, `${key}[]`);
        }
    }
}
export function configurationKeys() {
    return configurationDocs().map((doc) => doc.key);
}
/** JSON Schema (2020-12) of `tricordon.yaml`, for editors. */
export function configurationJsonSchema() {
    return z.toJSONSchema(Configuration, { io: 'input' });
}
function typeName(shape) {
    if (shape.enum !== undefined)
        return shape.enum.map(String).join(' | ');
    if (shape.items !== undefined)
        return `list of ${typeName(shape.items)}`;
    return shape.type ?? 'value';
}
