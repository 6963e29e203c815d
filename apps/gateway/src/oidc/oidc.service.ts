import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { AccessRepository, IdentityRepository, type Origin, type Principal, type Role } from '#persistence';
import { Logger } from '#platform';
import { sealContext, type Vault } from '#vault';
import { hashPassword } from '../access/password.js';
import { GatewayConfig } from '../gateway.config.js';
import { VAULT } from '../tokens.js';
import { IdentityProvider, type Flow, type ProvedPerson } from './provider.js';

/** For so long a person may be at the provider's. */
export const FLOW_SECONDS = 600;

export const OIDC_PROBLEMS = ['oidc_refused', 'oidc_expired', 'oidc_unverified', 'oidc_domain', 'oidc_link_first', 'oidc_not_invited', 'oidc_taken'] as const;
export type OidcProblem = (typeof OIDC_PROBLEMS)[number];

/** What the cookie carries, sealed: where to go on, and whose account is to be linked. */
interface Begun extends Flow { readonly to: string; readonly link: string | null; readonly until: number }

export interface Enterer { readonly id: string; readonly email: string }
export type Outcome = { readonly to: string; readonly enter: Enterer } | { readonly to: string; readonly linked: Enterer } | { readonly problem: OidcProblem; readonly linking: boolean };

/** A path of our own, whatever the address said. */
const ownPath = (to: string | undefined): string => (to !== undefined && /^\/(?![/\\])[\x21-\x7e]*$/.test(to) ? to : '/');

/**
 * Sign-in through an identity provider. An account that is there already is never taken over by an e-mail: its person links it,
 * signed in. A new account is for who was invited, or for the domains that the operator names.
 */
@Injectable()
export class OidcService {
  constructor(
    private readonly provider: IdentityProvider, private readonly identities: IdentityRepository, private readonly access: AccessRepository,
    private readonly config: GatewayConfig, private readonly logger: Logger, @Inject(VAULT) private readonly vault: Vault,
  ) {}

  /** @param linker who links their account. @returns undefined: the provider doesn't answer */
  async begin(to: string | undefined, linker: Principal | undefined): Promise<{ readonly url: string; readonly sealed: string } | undefined> {
    try {
      const { url, flow } = await this.provider.begin();
      const begun: Begun = { ...flow, to: ownPath(to), link: linker?.userId ?? null, until: Date.now() + FLOW_SECONDS * 1000 };
      return { url: url.href, sealed: this.vault.seal(JSON.stringify(begun), sealContext.oidcFlow()) };
    } catch (error) {
      this.refused(error);
      return undefined;
    }
  }

  /** @param person who is signed in in this browser */
  async finish(query: string, sealed: string | undefined, person: Principal | undefined): Promise<Outcome> {
    const begun = this.opened(sealed);
    if (begun === undefined) return { problem: 'oidc_expired', linking: false };
    const linking = begun.link !== null;
    let proved: ProvedPerson;
    try { proved = await this.provider.finish(query, begun); } catch (error) { this.refused(error); return { problem: 'oidc_refused', linking }; }
    const { email, verified, issuer, subject } = proved;
    if (email === undefined || !verified) return { problem: 'oidc_unverified', linking };
    const domains = this.config.oidcAllowedDomains;
    if (domains.length > 0 && !domains.includes(email.slice(email.lastIndexOf('@') + 1).toLowerCase())) return { problem: 'oidc_domain', linking };
    const identity = { issuer, subject, email };
    if (begun.link !== null) {
      if (person === undefined || person.userId !== begun.link) return { problem: 'oidc_expired', linking };
      return await this.identities.link(begun.link, identity) ? { to: begun.to, linked: { id: begun.link, email: person.name } } : { problem: 'oidc_taken', linking };
    }
    const known = await this.identities.find(identity);
    if (known !== undefined) {
      if (known.email.toLowerCase() === email.toLowerCase()) await this.identities.joinInvited(known.id, email);
      return (await this.access.memberships(known.id)).length === 0 ? { problem: 'oidc_not_invited', linking } : { to: begun.to, enter: known };
    }
    const role = domains.length > 0 ? this.config.oidcDefaultRole as Role | undefined : undefined;
    const made = await this.identities.create(identity, await hashPassword(randomBytes(32).toString('base64')), role);
    if (made === 'exists') return { problem: 'oidc_link_first', linking };
    return made === 'not_invited' ? { problem: 'oidc_not_invited', linking } : { to: begun.to, enter: { id: made, email } };
  }

  private opened(sealed: string | undefined): Begun | undefined {
    if (sealed === undefined) return undefined;
    try {
      const begun = JSON.parse(this.vault.open(sealed, sealContext.oidcFlow())) as Begun;
      return begun.until > Date.now() ? begun : undefined;
    } catch { return undefined; }
  }

  /** Their messages name claims and codes; what else they hold stays out of the log. */
  private refused(error: unknown): void {
    const { name, code, message } = error as { name?: string; code?: unknown; message?: string };
    this.logger.warn('A sign-in with the identity provider failed.', { error: name, code, message: message?.slice(0, 200) });
  }
}
