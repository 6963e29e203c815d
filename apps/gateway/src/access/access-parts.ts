import type { Type } from '@nestjs/common';
import { AccessRepository, AuditRepository, IdentityRepository, MemberRepository, ThrottleRepository } from '#persistence';
import { AuditLogController } from '../audit/audit-log.controller.js';
import { AuditTrail } from '../audit/audit-trail.js';
import { RateLimit } from '../http/rate-limit.js';
import { InvitationMail } from '../members/invitation-mail.js';
import { InvitationsController } from '../members/invitations.controller.js';
import { InvitationsService } from '../members/invitations.service.js';
import { MembersController } from '../members/members.controller.js';
import { IdentitiesController, OidcController } from '../oidc/oidc.controller.js';
import { OidcService } from '../oidc/oidc.service.js';
import { IdentityProvider } from '../oidc/provider.js';
import { WorkspaceController } from '../workspace/workspace.controller.js';
import { WorkspacesController } from '../workspace/workspaces.controller.js';
import { AccessService } from './access.service.js';
import { AccountController } from './account.controller.js';
import { ApiKeysController } from './api-keys.controller.js';
import { SessionController } from './session.controller.js';
import { SignInService } from './sign-in.service.js';

/** Who may do what: people, keys, workspaces, and what is remembered of what they did. */
export const accessParts: { readonly controllers: Type[]; readonly repositories: readonly (typeof AccessRepository | typeof AuditRepository | typeof IdentityRepository | typeof MemberRepository | typeof ThrottleRepository)[]; readonly providers: Type[] } = {
  controllers: [SessionController, AccountController, ApiKeysController, MembersController, InvitationsController, WorkspaceController, WorkspacesController, AuditLogController, OidcController, IdentitiesController],
  repositories: [AccessRepository, AuditRepository, IdentityRepository, MemberRepository, ThrottleRepository],
  providers: [AuditTrail, SignInService, AccessService, InvitationMail, InvitationsService, RateLimit, IdentityProvider, OidcService],
};
