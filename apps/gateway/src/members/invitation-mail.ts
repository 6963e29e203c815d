import { Injectable } from '@nestjs/common';
import { createTransport } from 'nodemailer';
import type { Role } from '#persistence';
import { Logger } from '#platform';
import { GatewayConfig } from '../gateway.config.js';

const TIMEOUT_MS = 10_000;

interface Invitation { readonly to: string; readonly url: string; readonly inviter: string; readonly workspace: string; readonly role: Role; readonly expiresAt: Date }

/** A line break in a name would begin a line of its own. */
const oneLine = (text: string): string => text.replace(/[\r\n\t]+/g, ' ').slice(0, 200);

/** Invitations by mail, where there is a mail server. The link is shown to who invites in any case. */
@Injectable()
export class InvitationMail {
  constructor(private readonly config: GatewayConfig, private readonly logger: Logger) {}

  /** Whether the server took it. */
  async send({ to, url, inviter, workspace, role, expiresAt }: Invitation): Promise<boolean> {
    const { supportSmtpUrl, supportMailFrom: from } = this.config;
    if (supportSmtpUrl === undefined) return false;
    const transport = createTransport({ url: supportSmtpUrl, connectionTimeout: TIMEOUT_MS, greetingTimeout: TIMEOUT_MS, socketTimeout: TIMEOUT_MS });
    try {
      await transport.sendMail({
        from, to: { name: '', address: to }, subject: `Join ${oneLine(workspace)} on Cloud sources`,
        text: `${oneLine(inviter)} invites you to the workspace ${oneLine(workspace)} as ${role}.\n\nOpen this link to join. It works once, until ${expiresAt.toUTCString()}:\n\n${url}\n\nIf you don't expect this, leave it: nothing happens.\n`,
      });
      return true;
    } catch (error) {
      // nodemailer's messages may quote the URL with its password.
      this.logger.warn('An invitation was not mailed.', { code: (error as { code?: string }).code, responseCode: (error as { responseCode?: number }).responseCode });
      return false;
    } finally {
      transport.close();
    }
  }
}
