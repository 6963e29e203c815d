import type { Renewer } from '#oauth';
import type { CredentialRepository } from '#persistence';

const AT_A_TIME = 10;

/** Renews the sources whose refresh token the partner would forget. One that fails is looked at again in an hour. */
export async function keepAlive(
  credentials: Pick<CredentialRepository, 'dueForKeepAlive'>, renewer: Pick<Renewer, 'renew'>, connectors: readonly string[], failed: (sourceId: string, error: string) => void,
): Promise<void> {
  for (;;) {
    const due = await credentials.dueForKeepAlive(connectors, AT_A_TIME);
    for (const { version, ...source } of due) {
      const renewed = await renewer.renew(source, version);
      if ('error' in renewed) failed(source.sourceId, renewed.error.title);
    }
    if (due.length < AT_A_TIME) return;
  }
}
