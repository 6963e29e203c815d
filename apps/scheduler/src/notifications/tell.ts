import type { DueNotification, NotificationRepository } from '#persistence';

const LIMIT = 20;
/** Longer than all channels of one notification may take. */
const HOLD_MS = 60_000;

/** A way to the people of a workspace. */
export interface NotificationChannel {
  readonly name: 'mail' | 'hook';
  /** Whether the workspace wants it. */
  readonly wanted: (notification: DueNotification) => boolean;
  /** @throws Error without a secret in its message */
  readonly send: (notification: DueNotification) => Promise<void>;
}

export interface Told { readonly delivered: number; readonly failed: number }

/** Sends what is due to every channel that its workspace wants and that hasn't got it. A channel that is away gets it later; the others don't wait for it. */
export async function tell(notifications: Pick<NotificationRepository, 'take' | 'delivered'>, channels: readonly NotificationChannel[]): Promise<Told> {
  const total = { delivered: 0, failed: 0 };
  await Promise.all((await notifications.take(LIMIT, HOLD_MS)).map(async (one) => {
    const open = channels.filter((channel) => channel.wanted(one) && !one.delivered.includes(channel.name));
    const results = await Promise.allSettled(open.map((channel) => channel.send(one)));
    const have = open.filter((_, index) => results[index]?.status === 'fulfilled').map(({ name }) => name);
    const error = results.find((result) => result.status === 'rejected')?.reason as Error | undefined;
    await notifications.delivered(one.id, have, error === undefined, error?.message);
    total.delivered += have.length;
    total.failed += open.length - have.length;
  }));
  return total;
}
