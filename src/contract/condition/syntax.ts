/** What a condition is made of: a subset of the Common Expression Language (CEL, cel-spec langdef). */

export const roots = ['caller', 'callee', 'user', 'request'] as const;
export type Root = (typeof roots)[number];
export const comparisons = ['==', '!=', '<=', '>=', '<', '>', 'in'] as const;
export type Comparison = (typeof comparisons)[number];
export type Arithmetic = '+' | '-' | '*' | '%';
export const methods = ['startsWith', 'endsWith', 'contains'] as const;
export type MethodName = (typeof methods)[number];

export type Expression =
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  /** Written with a point or an exponent; `value` of it is a number all the same. */
  | { readonly kind: 'double'; readonly value: number }
  | { readonly kind: 'list'; readonly items: readonly Expression[] }
  /** Where a value comes from: its root, and the names to it. An attribute's dotted name is several. */
  | { readonly kind: 'path'; readonly root: Root; readonly names: readonly string[] }
  | { readonly kind: 'has'; readonly path: Extract<Expression, { kind: 'path' }> }
  | { readonly kind: 'size'; readonly of: Expression }
  | { readonly kind: 'method'; readonly name: MethodName; readonly of: Expression; readonly argument: Expression }
  | { readonly kind: 'not' | 'minus'; readonly of: Expression }
  | { readonly kind: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'compare'; readonly operator: Comparison; readonly left: Expression; readonly right: Expression }
  | {
      readonly kind: 'arithmetic';
      readonly operator: Arithmetic;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: 'choose'; readonly when: Expression; readonly yes: Expression; readonly no: Expression };

export type Condition = Expression;

/** Every name a condition asks for, with its root: `caller.image.signer`. */
export function namesIn(condition: Condition): readonly string[] {
  const names = new Set<string>();
  const look = (at: Expression): void => {
    if (at.kind === 'path') names.add([at.root, ...at.names].join('.'));
    for (const part of partsOf(at)) look(part);
  };
  look(condition);
  return [...names];
}

export function partsOf(at: Expression): readonly Expression[] {
  switch (at.kind) {
    case 'literal':
    case 'double':
    case 'path':
      return [];
    case 'list':
      return at.items;
    case 'has':
      return [at.path];
    case 'size':
    case 'not':
    case 'minus':
      return [at.of];
    case 'method':
      return [at.of, at.argument];
    case 'and':
    case 'or':
    case 'compare':
    case 'arithmetic':
      return [at.left, at.right];
    case 'choose':
      return [at.when, at.yes, at.no];
    default:
      return at satisfies never;
  }
}
