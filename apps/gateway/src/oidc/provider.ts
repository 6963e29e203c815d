import { Injectable } from '@nestjs/common';
import { ClientSecretPost, None, allowInsecureRequests, authorizationCodeGrant, buildAuthorizationUrl, calculatePKCECodeChallenge, discovery, fetchUserInfo, randomNonce, randomPKCECodeVerifier, randomState, type Configuration } from 'openid-client';
import { GatewayConfig } from '../gateway.config.js';

const TIMEOUT_SECONDS = 10;

/** What only the browser that began may come back with. */
export interface Flow { readonly state: string; readonly nonce: string; readonly verifier: string }

export interface ProvedPerson { readonly issuer: string; readonly subject: string; readonly email: string | undefined; readonly verified: boolean }

/** The identity provider of the configuration: authorization code with PKCE, state and nonce. */
@Injectable()
export class IdentityProvider {
  private found: Promise<Configuration> | undefined;

  constructor(private readonly config: GatewayConfig) {}

  /** What its button says; undefined: there is none. */
  get name(): string | undefined { return this.config.oidcIssuer === undefined ? undefined : this.config.oidcName; }

  /** @throws when the provider can't be asked */
  async begin(): Promise<{ readonly url: URL; readonly flow: Flow }> {
    const flow = { state: randomState(), nonce: randomNonce(), verifier: randomPKCECodeVerifier() };
    const url = buildAuthorizationUrl(await this.discovered(), {
      redirect_uri: this.redirectUri, scope: 'openid email profile', state: flow.state, nonce: flow.nonce,
      code_challenge: await calculatePKCECodeChallenge(flow.verifier), code_challenge_method: 'S256',
    });
    return { url, flow };
  }

  /** @param query of the address that the provider sent the browser to. @throws when it isn't what was begun */
  async finish(query: string, { state, nonce, verifier }: Flow): Promise<ProvedPerson> {
    const configuration = await this.discovered();
    const tokens = await authorizationCodeGrant(configuration, new URL(`${this.redirectUri}?${query}`), { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true });
    const claims = tokens.claims();
    if (claims === undefined) throw new Error('no ID token');
    const { iss: issuer, sub: subject } = claims;
    // Not every provider puts the e-mail into the ID token.
    const told = claims['email'] !== undefined ? claims : await fetchUserInfo(configuration, tokens.access_token, subject);
    return { issuer, subject, email: typeof told['email'] === 'string' ? told['email'] : undefined, verified: told['email_verified'] === true };
  }

  private get redirectUri(): string { return `${this.config.publicUrl.replace(/\/$/, '')}/api/v1/oidc/callback`; }

  /** Asked once; again after a failure. */
  private discovered(): Promise<Configuration> {
    const { oidcIssuer: issuer, oidcClientId: clientId, oidcClientSecret: secret, allowPrivateAddresses } = this.config;
    if (issuer === undefined || clientId === undefined) throw new Error('no identity provider is configured');
    const found = this.found ?? discovery(new URL(issuer), clientId, undefined, secret === undefined ? None() : ClientSecretPost(secret), { timeout: TIMEOUT_SECONDS, ...(allowPrivateAddresses && { execute: [allowInsecureRequests] }) })
      .catch((error: unknown) => { this.found = undefined; throw error; });
    this.found = found;
    return found;
  }
}
