import { createTransport } from 'nodemailer';
import { Agent } from 'undici';
import { guardedConnector } from '#connector-kit';
import type { DueNotification } from '#persistence';
import { sealContext, type Vault } from '#vault';
import type { SchedulerConfig } from '../scheduler.config.js';
import type { NotificationChannel } from './tell.js';

const TIMEOUT_MS = 10_000;

const WHAT: Readonly<Record<DueNotification['kind'], string>> = { run_failed: 'A run failed', run_partial: 'A collection failed', access_denied: 'Access denied', paused: 'Paused by itself', reads_nothing: 'Nothing was read', destination_disabled: 'A destination was disabled', test: 'Test' };

/** What happened, in one line. */
export const headline = ({ kind, source }: Pick<DueNotification, 'kind' | 'source'>): string => `${WHAT[kind]}${source === null ? '' : `: ${source}`}`.replace(/\s+/g, ' ');

/** The body of a hook as Slack, and what is compatible with it, takes it; its own marks are escaped. */
export function slackBody(notification: Pick<DueNotification, 'kind' | 'source' | 'title' | 'remedy' | 'workspace'>): string {
  const plain = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const { title, remedy, workspace } = notification;
  return JSON.stringify({ text: `*${plain(headline(notification))}*\n${plain(title)}\n${plain(remedy)}\n_${plain(workspace)}_` });
}

/** Mail where a server is set up, and hooks; redirects aren't followed, private addresses are refused unless they are allowed. */
export function notificationChannels({ supportSmtpUrl, supportMailFrom: from, allowPrivateAddresses }: Pick<SchedulerConfig, 'supportSmtpUrl' | 'supportMailFrom' | 'allowPrivateAddresses'>, vault: Pick<Vault, 'open'>): { readonly channels: readonly NotificationChannel[]; readonly close: () => Promise<void> } {
  const transport = supportSmtpUrl === undefined ? undefined : createTransport({ url: supportSmtpUrl, connectionTimeout: TIMEOUT_MS, greetingTimeout: TIMEOUT_MS, socketTimeout: TIMEOUT_MS });
  const connect = { timeout: TIMEOUT_MS };
  const agent = new Agent({ headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS, maxResponseSize: 64 * 1024, connect: allowPrivateAddresses ? connect : guardedConnector(connect) });
  const mail: NotificationChannel = {
    name: 'mail',
    wanted: ({ emails }) => transport !== undefined && emails.length > 0,
    send: async (notification) => {
      const { id, emails, title, remedy, workspace } = notification;
      // Blind copies: who else is told is nobody's business. The same id for every try: a mail that arrives twice is one.
      await transport?.sendMail({ messageId: `<${id}@cloud-sources>`, from, to: from, bcc: [...emails], subject: `[Cloud Sources] ${headline(notification)}`.slice(0, 250), text: `${title}\n\n${remedy}\n\nWorkspace: ${workspace}\n` })
        .catch((error: unknown) => { throw new Error(`SMTP: ${(error as { code?: string }).code ?? 'failed'}`); });
    },
  };
  const hook: NotificationChannel = {
    name: 'hook',
    wanted: ({ hookSealed }) => hookSealed !== null,
    send: async (notification) => {
      const url = new URL(vault.open(notification.hookSealed ?? '', sealContext.notificationHook(notification.workspaceId)));
      const answer = await agent.request({
        origin: url.origin, path: `${url.pathname}${url.search}`, method: 'POST', body: slackBody(notification), signal: AbortSignal.timeout(TIMEOUT_MS), headers: { 'content-type': 'application/json', 'user-agent': 'cloud-sources' },
      }).catch((error: unknown) => { throw new Error(`hook: ${(error as { code?: string }).code ?? (error as Error).name}`); });
      await answer.body.dump();
      if (answer.statusCode < 200 || answer.statusCode > 299) throw new Error(`hook: answered ${answer.statusCode}`);
    },
  };
  return { channels: [mail, hook], close: async () => { transport?.close(); await agent.destroy(); } };
}
