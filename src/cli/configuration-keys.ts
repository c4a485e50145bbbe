import { z } from 'zod';
import { Configuration } from '../model/index.js';

export interface KeyDoc {
  readonly key: string;
  readonly type: string;
  readonly default: string;
  readonly description: string;
}

interface Shape {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly items?: Shape;
  readonly enum?: readonly unknown[];
}

/** Every setting with its type, default and description, read off the schema. */
export function configurationDocs(): KeyDoc[] {
  const docs: KeyDoc[] = [];
  walk(configurationJsonSchema() as Shape, '');
  return docs;

  function walk(shape: Shape, prefix: string): void {
    for (const [name, inner] of Object.entries(shape.properties ?? {})) {
      const key = prefix === '' ? name : `${prefix}.${name}`;
      const fallback = inner.default === undefined ? '' : JSON.stringify(inner.default);
      docs.push({ key, type: typeName(inner), default: fallback, description: inner.description ?? '' });
      walk(inner, key);
      if (inner.items?.properties !== undefined) walk(inner.items, `${key}[]`);
    }
  }
}

export function configurationKeys(): string[] {
  return configurationDocs().map((doc) => doc.key);
}

/** JSON Schema (2020-12) of `tricordon.yaml`, for editors. */
export function configurationJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(Configuration, { io: 'input' });
}

/** The value of a dotted key in the settings; undefined for what is in a list. */
export function valueAt(value: unknown, key: string): unknown {
  let at = value;
  for (const part of key.split('.')) {
    if (typeof at !== 'object' || at === null || part.endsWith('[]')) return undefined;
    at = (at as Readonly<Record<string, unknown>>)[part]; // a parsed settings object, walked by its own keys
  }
  return at;
}

function typeName(shape: Shape): string {
  if (shape.enum !== undefined) return shape.enum.map(String).join(' | ');
  if (shape.items !== undefined) return `list of ${typeName(shape.items)}`;
  return shape.type ?? 'value';
}
