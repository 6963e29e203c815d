import { IsEmail, IsIn, IsInt, IsJSON, IsOptional, IsString, Matches, Max, Min, MinLength, ValidateIf } from 'class-validator';
import { DatabaseConfig, Setting } from '#platform';

export class GatewayConfig extends DatabaseConfig {
  @Setting({ env: 'PORT', description: 'Port of the REST API.', type: 'integer', default: '8080' })
  @IsInt() @Min(0) @Max(65_535)
  port!: number;

  @Setting({ env: 'BOOTSTRAP_OWNER_EMAIL', description: 'E-mail of the first owner; used only while there is no user.', optional: true })
  @IsOptional() @IsEmail({ require_tld: false })
  bootstrapOwnerEmail?: string;

  @Setting({ env: 'BOOTSTRAP_OWNER_PASSWORD', description: 'Password of the first owner, at least 12 characters.', type: 'secret', optional: true })
  @IsOptional() @IsString() @MinLength(12)
  bootstrapOwnerPassword?: string;

  @Setting({ env: 'BOOTSTRAP_API_KEY', description: 'An API key of the first workspace, with the role owner: cs_ and at least 32 more characters.', type: 'secret', optional: true })
  @IsOptional() @Matches(/^cs_[\w-]{32,}$/, { message: 'it must be cs_ and at least 32 letters, digits, _ or -' })
  bootstrapApiKey?: string;

  @Setting({ env: 'BOOTSTRAP_WORKSPACE', description: 'Name of the first workspace.', default: 'My workspace' })
  @IsString()
  bootstrapWorkspace!: string;

  @Setting({ env: 'SECURE_COOKIES', description: 'Sends the session cookie over HTTPS only. false is for plain HTTP on a laptop.', type: 'boolean', default: 'true' })
  secureCookies!: boolean;

  @Setting({ env: 'SYNC_INTERVAL_FLOOR_MINUTES', description: 'Shortest interval between scheduled syncs that a source may have, in minutes.', type: 'integer', default: '60' })
  @IsInt() @Min(1) @Max(1_440)
  intervalFloorMinutes!: number;

  @Setting({ env: 'SYNCS_PER_DAY', description: 'How many syncs a day a plan allows each source: scheduled ones and sync now. 0: any number. The column syncs_per_day of a workspace goes before it.', type: 'integer', default: '0' })
  @IsInt() @Min(0)
  syncsPerDay!: number;

  @Setting({ env: 'PUBLIC_URL', description: 'Public base URL of the gateway. Partners send people back to <it>/api/v1/oauth/callback, which must be registered there.', default: 'http://localhost:8080' })
  @Matches(/^https?:\/\/[^/?#]+\/?$/, { message: 'it must be http:// or https:// and a host, without a path' })
  publicUrl!: string;

  @Setting({
    env: 'OAUTH_CLIENTS', type: 'secret', optional: true,
    description: 'OAuth clients of this installation, for workspaces without their own: JSON, {"<connector>": {"clientId": "…", "clientSecret": "…"}}. Stored encrypted.',
  })
  @IsOptional() @IsJSON({ message: 'it must be JSON' })
  oauthClients?: string;

  @Setting({ env: 'WEBHOOK_PUBLIC_URL', description: 'Public base URL of the webhook-gateway, for the URLs that partners are given.', default: 'http://localhost:8081' })
  @Matches(/^https?:\/\//, { message: 'it must start with http:// or https://' })
  webhookPublicUrl!: string;

  @Setting({ env: 'ALLOW_PRIVATE_ADDRESSES', description: 'Lets connectors call loopback and private addresses. For local use only.', type: 'boolean', default: 'false' })
  allowPrivateAddresses!: boolean;

  @Setting({ env: 'SQL_TIMEOUT_SECONDS', description: 'How long a query that a person runs on the warehouse may take.', type: 'integer', default: '60' })
  @IsInt() @Min(1) @Max(3_600)
  sqlTimeoutSeconds!: number;

  @Setting({ env: 'SQL_MAX_ROWS', description: 'Most rows of a query in one answer; an export has its own limit.', type: 'integer', default: '10000' })
  @IsInt() @Min(1) @Max(1_000_000)
  sqlMaxRows!: number;

  @Setting({ env: 'SQL_MAX_BYTES', description: 'Most bytes of values of a query in one answer.', type: 'integer', default: '16777216' })
  @IsInt() @Min(1_024) @Max(268_435_456)
  sqlMaxBytes!: number;

  @Setting({ env: 'SQL_EXPORT_MAX_ROWS', description: 'Most rows of an export.', type: 'integer', default: '1000000' })
  @IsInt() @Min(1)
  sqlExportMaxRows!: number;

  @Setting({ env: 'SQL_MAX_COST', description: 'A query whose plan costs more, in PostgreSQL\'s units, is refused before it runs. 0: none is.', type: 'integer', default: '10000000000' })
  @IsInt() @Min(0)
  sqlMaxCost!: number;

  @Setting({ env: 'SQL_CONCURRENCY', description: 'Queries and exports that a gateway runs in one warehouse at a time.', type: 'integer', default: '4' })
  @IsInt() @Min(1) @Max(100)
  sqlConcurrency!: number;

  @Setting({ env: 'SUPPORT_SMTP_URL', description: 'SMTP server for mails to support and for invitations: smtp[s]://user:password@host:port.', type: 'secret', optional: true })
  @IsOptional() @Matches(/^smtps?:\/\//, { message: 'it must start with smtp:// or smtps://' })
  supportSmtpUrl?: string;

  @Setting({ env: 'SUPPORT_MAIL_FROM', description: 'Sender of mails to support and of invitations.', default: 'cloud-sources@localhost' })
  @IsString()
  supportMailFrom!: string;

  @Setting({ env: 'TRUSTED_PROXIES', description: 'Addresses or networks (CIDR) of the proxies in front of the gateway, separated by commas: their X-Forwarded-For is believed, so that the audit log and the limits see where a request comes from.', type: 'list', default: '' })
  @IsString({ each: true })
  trustedProxies!: string[];

  @Setting({ env: 'RATE_LIMIT_PER_MINUTE', description: 'Requests a minute that each API key and each person may make, of all gateways together: they tell each other once a second, and what went through in between is made up for. 0: any number.', type: 'integer', default: '1200' })
  @IsInt() @Min(0)
  requestsPerMinute!: number;

  @Setting({ env: 'RATE_LIMIT_ANONYMOUS_PER_MINUTE', description: 'The same for each address (IPv6: network) without a valid key or session. Requests that take a password or a link (sign-in, invitations, change of password) are counted together one by one.', type: 'integer', default: '300' })
  @IsInt() @Min(0)
  anonymousRequestsPerMinute!: number;

  @Setting({ env: 'OIDC_ISSUER', description: 'Issuer URL of an OpenID Connect identity provider that people may sign in with. Its redirect URI is <PUBLIC_URL>/api/v1/oidc/callback.', optional: true })
  @IsOptional() @Matches(/^https?:\/\//, { message: 'it must start with http:// or https://' })
  oidcIssuer?: string;

  @Setting({ env: 'OIDC_CLIENT_ID', description: 'Client id there; needed with OIDC_ISSUER.', optional: true })
  @ValidateIf(({ oidcIssuer }: GatewayConfig) => oidcIssuer !== undefined) @IsString({ message: 'it is needed with OIDC_ISSUER' })
  oidcClientId?: string;

  @Setting({ env: 'OIDC_CLIENT_SECRET', description: 'Client secret there; without one the client is public and proves itself by PKCE alone.', type: 'secret', optional: true })
  @IsOptional() @IsString()
  oidcClientSecret?: string;

  @Setting({ env: 'OIDC_NAME', description: 'What the button on the sign-in page says after "Sign in with".', default: 'single sign-on' })
  @IsString() @MinLength(1)
  oidcName!: string;

  @Setting({ env: 'OIDC_ALLOWED_DOMAINS', description: 'Domains of e-mail addresses that may sign in with the identity provider, separated by commas. Empty: any that was invited.', type: 'list', default: '' })
  @Matches(/^[a-z0-9.-]+$/, { each: true, message: 'it must be domains in lower case' })
  oidcAllowedDomains!: string[];

  @Setting({ env: 'OIDC_DEFAULT_ROLE', description: 'Role in the first workspace for people of OIDC_ALLOWED_DOMAINS who were not invited: viewer or editor. Without it they are refused.', optional: true })
  @IsOptional() @IsIn(['viewer', 'editor'])
  oidcDefaultRole?: string;
}
