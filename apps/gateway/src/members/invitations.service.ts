import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AccessRepository, MemberRepository, type Invitation, type Origin, type Principal, type Role } from '#persistence';
import { SHORTEST_PASSWORD } from '../access/access.dto.js';
import { hashPassword } from '../access/password.js';
import { SignInService, type NewSession } from '../access/sign-in.service.js';
import { GatewayConfig } from '../gateway.config.js';
import { Creates } from '../http/creates.js';
import { Problem, invalid, notFound } from '../http/problem.js';
import { InvitationMail } from './invitation-mail.js';
import type { NewInvitationDto, OpenInvitationDto } from './members.dto.js';

const VALID_DAYS = 7;

/** A link makes somebody a member. Its token is after the #, so that it is in no server's log. */
@Injectable()
export class InvitationsService {
  constructor(
    private readonly members: MemberRepository, private readonly access: AccessRepository, private readonly door: SignInService,
    private readonly creates: Creates, private readonly mail: InvitationMail, private readonly config: GatewayConfig,
  ) {}

  list(workspaceId: string, limit: number, after: string | undefined): Promise<Invitation[]> { return this.members.invitations(workspaceId, limit, after); }

  invite({ workspaceId, userId, name: inviter }: Principal, { email, role }: { readonly email: string; readonly role: Role }, key: string | undefined): Promise<NewInvitationDto> {
    const find = async (id: string): Promise<Invitation> => await this.members.invitation(workspaceId, id) ?? (() => { throw notFound('invitation'); })();
    return this.creates.once<NewInvitationDto>({
      workspaceId, route: 'POST /invitations', key, body: { email, role },
      find: async (id) => ({ ...await find(id), url: null, mailed: false }),
      make: async (idempotency) => {
        const token = randomBytes(32).toString('base64url');
        const id = await this.members.invite({ workspaceId, email, role, invitedBy: userId, token, days: VALID_DAYS }, idempotency);
        if (id === undefined) throw new Problem({ status: 409, code: 'conflict', title: `${email} is a member already.`, remedy: 'Change the role in the list of members.' });
        const url = `${this.config.publicUrl.replace(/\/$/, '')}/invitation#${token}`;
        const [invitation, workspace] = await Promise.all([find(id), this.access.workspace(workspaceId)]);
        return { ...invitation, url, mailed: await this.mail.send({ to: email, url, inviter, workspace: workspace.name, role, expiresAt: invitation.expiresAt }) };
      },
    });
  }

  async withdraw(workspaceId: string, id: string): Promise<void> {
    if (!await this.members.withdraw(workspaceId, id)) throw notFound('invitation');
  }

  async lookUp(token: string): Promise<OpenInvitationDto> {
    const { workspace, email, role, invitedBy, expiresAt, userId } = await this.members.open(token) ?? (() => { throw gone(); })();
    return { workspace, email, role, invitedBy, expiresAt, hasAccount: userId !== null };
  }

  /** @param sessionToken of who is signed in: enough when it is the invited person */
  async accept(token: string, password: string | undefined, sessionToken: string | undefined, origin: Origin): Promise<NewSession> {
    const invitation = await this.members.open(token);
    if (invitation === undefined) throw gone();
    const { email, userId } = invitation;
    const signedIn = userId !== null && sessionToken !== undefined && (await this.access.bySession(sessionToken))?.userId === userId;
    if (!signedIn && password === undefined) throw invalid([{ field: 'password', message: 'password is needed.' }]);
    if (userId === null && (password ?? '').length < SHORTEST_PASSWORD) throw invalid([{ field: 'password', message: `password must be longer than or equal to ${SHORTEST_PASSWORD} characters` }]);
    if (userId !== null && !signedIn && await this.door.check(email, password ?? '', origin) === undefined) {
      throw new Problem({ status: 401, code: 'unauthenticated', title: `This is not the password of ${email}.`, remedy: 'The e-mail has an account already: enter its password, or sign in first and open the link again.' });
    }
    const joined = await this.members.accept(token, userId === null ? await hashPassword(password ?? '') : undefined);
    if (joined === undefined) throw gone();
    return this.door.enter({ id: joined.userId, email }, joined.workspaceId, origin, 'Accept an invitation');
  }
}

const gone = (): Problem => new Problem({ status: 404, code: 'not_found', title: 'This invitation is not valid any more.', remedy: 'It was used, withdrawn or is older than a week. Ask for a new one.' });
