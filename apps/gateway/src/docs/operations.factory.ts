interface Schema {
  readonly $ref?: string; readonly type?: string | readonly string[]; readonly format?: string; readonly enum?: readonly unknown[]; readonly minimum?: number; readonly minLength?: number;
  readonly allOf?: readonly Schema[]; readonly oneOf?: readonly Schema[]; readonly anyOf?: readonly Schema[]; readonly properties?: Readonly<Record<string, Schema>>; readonly required?: readonly string[]; readonly items?: Schema; readonly minItems?: number;
}
interface Described { readonly security?: readonly unknown[]; readonly 'x-role'?: string; readonly 'x-person'?: boolean; readonly 'x-asks'?: boolean; readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> } }
interface Document { readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>; readonly components: { readonly schemas: Readonly<Record<string, Schema>> } }

/** One operation of the OpenAPI document, as specs walk it. */
export interface Operation {
  readonly method: string;
  /** `/api/v1/sources/{id}` */
  readonly template: string;
  readonly public: boolean;
  /** Least role. */
  readonly role: string | undefined;
  /** An API key is refused. */
  readonly person: boolean;
  /** A POST that makes and begins nothing. */
  readonly asks: boolean;
  /** Of the JSON body, without references; undefined: none. */
  readonly schema: Schema | undefined;
}

export function operationsOf(text: string): Operation[] {
  const { paths, components } = JSON.parse(text) as Document;
  const whole = (schema: Schema): Schema => {
    const found = schema.$ref === undefined ? schema : components.schemas[schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1)] ?? {};
    return {
      ...found, ...(found.properties !== undefined && { properties: Object.fromEntries(Object.entries(found.properties).map(([name, one]) => [name, whole(one)])) }),
      ...(found.items !== undefined && { items: whole(found.items) }), ...(found.allOf !== undefined && { allOf: found.allOf.map(whole) }), ...(found.oneOf !== undefined && { oneOf: found.oneOf.map(whole) }),
    };
  };
  return Object.entries(paths).flatMap(([template, methods]) => Object.entries(methods).map(([method, operation]): Operation => {
    const body = operation.requestBody?.content['application/json']?.schema;
    return { method: method.toUpperCase(), template, public: operation.security?.length === 0, role: operation['x-role'], person: operation['x-person'] === true, asks: operation['x-asks'] === true, schema: body === undefined ? undefined : whole(body) };
  }));
}

const TEXTS: Readonly<Record<string, string>> = { uuid: '018f0000-0000-7000-8000-000000000000', email: 'a@example.com', 'date-time': '2026-01-01T00:00:00.000Z', date: '2026-01-01', uri: 'https://example.com/' };

/** A value that the schema takes, with what is required only. */
export function sampleBody(schema: Schema): unknown {
  const first = schema.allOf?.[0] ?? schema.oneOf?.[0] ?? schema.anyOf?.[0];
  if (first !== undefined) return sampleBody(first);
  if (schema.enum !== undefined) return schema.enum.at(-1);
  const type = typeof schema.type === 'string' ? schema.type : schema.type?.[0];
  switch (type) {
    case 'string': return TEXTS[schema.format ?? ''] ?? 'sample'.padEnd(schema.minLength ?? 0, 'x');
    case 'integer': case 'number': return schema.minimum ?? 1;
    case 'boolean': return true;
    case 'array': return schema.items === undefined ? [] : Array.from({ length: Math.max(1, schema.minItems ?? 0) }, () => sampleBody(schema.items ?? {}));
    default: return Object.fromEntries((schema.required ?? []).map((name) => [name, sampleBody(schema.properties?.[name] ?? {})]));
  }
}
