import { TypeCompiler, type TypeCheck } from '@sinclair/typebox/compiler';
import type { Static, TSchema } from '@sinclair/typebox';

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
