import type { SupportRepository } from '#persistence';
import type { SupportChannel } from './channel.js';
import { versions } from './report.js';

const LIMIT = 10;
/** Longer than all channels of one notification may take. */
const HOLD_MS = 120_000;

/** Of one channel's try: a stop of the service must not have to wait longer. */
const SEND_MS = 12_000;

async function inTime(send: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => { timer = setTimeout(() => reject(new Error('no answer in time')), SEND_MS); });
  try { await Promise.race([send, late]); } finally { clearTimeout(timer); }
}

export interface Notified { readonly delivered: number; readonly failed: number; readonly ended: number }

export interface NotifyPorts {
  readonly support: Pick<SupportRepository, 'take' | 'dossier' | 'delivered' | 'settle'>;
  readonly channels: readonly SupportChannel[];
  /** How long the end of a run waits for support at most, in ms. */
  readonly waitMs: number;
  /** A channel didn't take it; it is tried again. */
  readonly failed: (runId: string, channel: string, error: Error) => void;
}

/**
 * Support first, then everyone else: sends what is due to every channel that hasn't got it, and ends the runs of which support
 * knows, or which have waited long enough. A channel that is away keeps nobody waiting for ever: it gets it later.
 */
export async function notify({ support, channels, waitMs, failed }: NotifyPorts): Promise<Notified> {
  const total = { delivered: 0, failed: 0, ended: 0 };
  const due = channels.length === 0 ? [] : await support.take(LIMIT, HOLD_MS);
  await Promise.all(due.map(async ({ runId, delivered: before }) => {
    const dossier = await support.dossier(runId);
    if (dossier === undefined) return;
    const report = { ...dossier, versions: versions() };
    const open = channels.filter(({ name }) => !before.includes(name));
    const results = await Promise.allSettled(open.map((channel) => inTime(channel.send(report))));
    const have = open.filter((_, index) => results[index]?.status === 'fulfilled').map(({ name }) => name);
    const errors = results.flatMap((result, index) => (result.status === 'rejected' ? [{ channel: open[index]?.name ?? '', error: result.reason as Error }] : []));
    await support.delivered(runId, have, errors.length === 0, errors[0]?.error.message);
    total.delivered += have.length;
    total.failed += errors.length;
    for (const { channel, error } of errors) failed(runId, channel, error);
  }));
  total.ended = await support.settle(channels.length > 0, waitMs, LIMIT);
  return total;
}
