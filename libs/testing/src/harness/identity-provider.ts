import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignJWT, exportJWK, generateKeyPair, type JWTPayload } from 'jose';

/** Who signs in there next. */
export interface SimulatedPerson { readonly sub: string; readonly email?: string; readonly email_verified?: boolean }

export interface IdentityProviderSimulator {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Whoever comes to be signed in from now on is this person; undefined: they refuse. */
  person: SimulatedPerson | undefined;
  /** Changes what ID tokens say, for what must be refused. */
  claims: JWTPayload;
  stop(): Promise<void>;
}

interface Code { readonly person: SimulatedPerson; readonly nonce: string | null; readonly challenge: string | null; readonly redirectUri: string | null }

async function form(request: IncomingMessage): Promise<URLSearchParams> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return new URLSearchParams(Buffer.concat(parts).toString());
}

/** An OpenID Connect provider over HTTP: discovery, authorization code with PKCE, signed ID tokens (ES256). It asks nothing and agrees at once. */
export async function startIdentityProvider(): Promise<IdentityProviderSimulator> {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const key = { ...await exportJWK(publicKey), kid: 'k1', alg: 'ES256', use: 'sig' };
  const codes = new Map<string, Code>();
  const [clientId, clientSecret] = ['cloud-sources', randomBytes(16).toString('hex')];
  let issuer = '';
  const server = createServer((request, response) => {
    const answer = (status: number, body: object): void => { response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)); };
    const url = new URL(request.url ?? '/', issuer);
    const handle = async (): Promise<void> => {
      switch (url.pathname) {
        case '/.well-known/openid-configuration': return answer(200, {
          issuer, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/jwks`, userinfo_endpoint: `${issuer}/userinfo`,
          response_types_supported: ['code'], subject_types_supported: ['public'], id_token_signing_alg_values_supported: ['ES256'], code_challenge_methods_supported: ['S256'],
        });
        case '/jwks': return answer(200, { keys: [key] });
        case '/authorize': {
          const redirectUri = url.searchParams.get('redirect_uri');
          const back = new URL(redirectUri ?? '');
          back.searchParams.set('state', url.searchParams.get('state') ?? '');
          if (simulator.person === undefined || url.searchParams.get('client_id') !== clientId || url.searchParams.get('code_challenge_method') !== 'S256') back.searchParams.set('error', 'access_denied');
          else {
            const code = randomBytes(16).toString('hex');
            codes.set(code, { person: simulator.person, nonce: url.searchParams.get('nonce'), challenge: url.searchParams.get('code_challenge'), redirectUri });
            back.searchParams.set('code', code);
          }
          response.writeHead(302, { location: back.href }).end();
          return undefined;
        }
        case '/token': {
          const asked = await form(request);
          const code = codes.get(asked.get('code') ?? '');
          codes.delete(asked.get('code') ?? '');
          const proved = createHash('sha256').update(asked.get('code_verifier') ?? '').digest('base64url') === code?.challenge;
          if (code === undefined || !proved || asked.get('redirect_uri') !== code.redirectUri || asked.get('client_secret') !== clientSecret) return answer(400, { error: 'invalid_grant' });
          const now = Math.floor(Date.now() / 1000);
          const token = await new SignJWT({ iss: issuer, aud: clientId, iat: now, exp: now + 300, ...code.person, ...(code.nonce !== null && { nonce: code.nonce }), ...simulator.claims })
            .setProtectedHeader({ alg: 'ES256', kid: 'k1' }).sign(privateKey);
          return answer(200, { access_token: 'a', token_type: 'Bearer', expires_in: 300, id_token: token });
        }
        case '/userinfo': return answer(401, { error: 'invalid_token' });
        default: return answer(404, { error: 'not_found' });
      }
    };
    handle().catch((error: unknown) => { answer(500, { error: (error as Error).message }); });
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const simulator: IdentityProviderSimulator = {
    issuer, clientId, clientSecret, person: undefined, claims: {},
    stop: () => new Promise((resolve) => { server.close(() => { resolve(); }); server.closeAllConnections(); }),
  };
  return simulator;
}
