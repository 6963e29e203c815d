const HIDDEN = '[secret]';
/** Shorter values would blank out ordinary words. */
const SHORTEST_SECRET = 6;

/** Replaces secrets, and the forms in which a URL, JSON or a Basic header would carry them. */
export interface Redact {
  text(text: string): string;
  /** The same buffer when there is nothing to hide. */
  bytes(body: Buffer): Buffer;
}

/** @param secrets values that must not get out, e.g. secret credentials and authentication headers */
export function redactor(secrets: readonly string[]): Redact {
  const forms = new Set<string>();
  for (const secret of secrets) {
    if (secret.length < SHORTEST_SECRET) continue;
    for (const form of [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), Buffer.from(secret).toString('base64')]) forms.add(form);
  }
  // The longest first: one form may hold another.
  const ordered = [...forms].sort((a, b) => b.length - a.length);
  const text = (value: string): string => ordered.reduce((result, form) => result.includes(form) ? result.replaceAll(form, HIDDEN) : result, value);
  return {
    text,
    bytes: (body) => ordered.some((form) => body.includes(form)) ? Buffer.from(text(body.toString('utf8'))) : body,
  };
}
