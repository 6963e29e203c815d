import { TypeCompiler, type TypeCheck } from '@sinclair/typebox/compiler';
import { FormatRegistry, type Static, type TSchema } from '@sinclair/typebox';

// RFC 3339, the one format that the contracts use; TypeBox knows none by itself.
FormatRegistry.Set('date-time', (text) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text)));

const compiled = new WeakMap<TSchema, TypeCheck<TSchema>>();

/**
 * The value, typed, when it fits the schema (which is also the published JSON Schema).
 * @throws Error that names the place and the expectation, never the value.
 */
export function validate<T extends TSchema>(schema: T, value: unknown): Static<T> {
  let check = compiled.get(schema);
  if (check === undefined) compiled.set(schema, check = TypeCompiler.Compile(schema));
  if (check.Check(value)) return value as Static<T>;
  const first = check.Errors(value).First();
  throw new Error(`${schema.title ?? 'message'}: ${first?.path || 'the value'}: ${first?.message ?? 'does not fit the schema'}`);
}
