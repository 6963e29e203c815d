import type { SchedulerConfig } from '../scheduler.config.js';
import type { SupportChannel } from './channel.js';
import { hookChannel } from './hook-channel.js';
import { mailChannel } from './mail-channel.js';

/** Those that are set up. @throws Error when one is set up by half */
export function supportChannels({ supportSmtpUrl, supportMailTo, supportMailFrom, supportHookUrl, supportHookSecret, allowPrivateAddresses }: SchedulerConfig): SupportChannel[] {
  const channels: SupportChannel[] = [];
  if (supportSmtpUrl !== undefined) {
    if (supportMailTo === undefined || supportMailTo.length === 0) throw new Error('SUPPORT_SMTP_URL is set, but SUPPORT_MAIL_TO is missing.');
    channels.push(mailChannel({ url: supportSmtpUrl, to: supportMailTo, from: supportMailFrom }));
  }
  if (supportHookUrl !== undefined) {
    if (supportHookSecret === undefined) throw new Error('SUPPORT_HOOK_URL is set, but SUPPORT_HOOK_SECRET is missing.');
    if (!allowPrivateAddresses && !supportHookUrl.startsWith('https:')) throw new Error('SUPPORT_HOOK_URL must start with https://.');
    channels.push(hookChannel({ url: supportHookUrl, secret: supportHookSecret, allowPrivateAddresses }));
  }
  return channels;
}
