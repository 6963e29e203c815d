/** Words for people: they may change at any time. */
const PROSE = new Set(['description', 'summary', 'title', 'example', 'examples', 'default', 'info', 'externalDocs', 'tags', 'x-role', 'x-public']);

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * What of a published document (OpenAPI, AsyncAPI, JSON Schemas) is gone or means something else in the next one, by its path.
 * Adding is no break, except a field that a request needs and a null that an answer may now hold.
 */
export function breaks(before: unknown, after: unknown, path = ''): string[] {
  if (isObject(before)) {
    if (!isObject(after)) return [`${path} is gone`];
    return Object.entries(before).filter(([name]) => !PROSE.has(name) || isObject(before[name])).flatMap(([name, value]) => {
      const at = `${path}/${name}`;
      return name in after ? breaks(value, after[name], at) : [`${at} is gone`];
    });
  }
  if (Array.isArray(before)) {
    const now = Array.isArray(after) ? after : [];
    const known = new Set(now.map((value) => JSON.stringify(value)));
    const gone = before.filter((value) => !isObject(value) && !known.has(JSON.stringify(value))).map((value) => `${path} has no ${JSON.stringify(value)} any more`);
    const parts = before.flatMap((value, index) => (isObject(value) ? breaks(value, now[index], `${path}/${index}`) : []));
    return [...gone, ...parts];
  }
  return before === after ? [] : [`${path} was ${JSON.stringify(before)} and is ${JSON.stringify(after)}`];
}

interface OpenApi { readonly paths: unknown; readonly components: { readonly schemas: Readonly<Record<string, unknown>> } }

/** Fields that requests of the earlier document could leave out and that the later one needs. */
export function newlyRequired(before: OpenApi, after: OpenApi): string[] {
  const asked = new Set([...JSON.stringify(requestBodies(before.paths)).matchAll(/#\/components\/schemas\/(\w+)/g)].map(([, name = '']) => name));
  return [...asked].flatMap((name) => {
    const [was, is] = [before, after].map(({ components }) => new Set((components.schemas[name] as { required?: string[] } | undefined)?.required ?? []));
    return [...(is ?? [])].filter((field) => was?.has(field) === false).map((field) => `requests with ${name} now need ${field}`);
  });
}

function requestBodies(value: unknown): unknown[] {
  if (!isObject(value)) return Array.isArray(value) ? value.flatMap(requestBodies) : [];
  return Object.entries(value).flatMap(([name, inner]) => (name === 'requestBody' ? [inner] : requestBodies(inner)));
}
