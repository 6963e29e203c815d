const NAME = 'cs_session';

/** The value of a cookie in a Cookie header. */
export function cookieIn(header: string | undefined, name: string): string | undefined {
  for (const part of header?.split(';') ?? []) {
    const cut = part.indexOf('=');
    if (part.slice(0, cut).trim() === name) return part.slice(cut + 1).trim() || undefined;
  }
  return undefined;
}

/** The session's token out of a Cookie header. */
export const sessionToken = (header: string | undefined): string | undefined => cookieIn(header, NAME);

/** A Set-Cookie header; without a token it takes the cookie away. */
export function sessionCookie(token: string | undefined, maxAgeSeconds: number, secure: boolean): string {
  return `${NAME}=${token ?? ''}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${token === undefined ? 0 : maxAgeSeconds}${secure ? '; Secure' : ''}`;
}
