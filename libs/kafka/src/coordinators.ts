/** What kafkajs's inner cluster has of what is needed here. */
interface Broker { readonly nodeId: number }
interface Request { readonly groupId: string; readonly coordinatorType?: number }
interface Cluster {
  findGroupCoordinator(request: Request): Promise<Broker>;
  findBroker(request: { readonly nodeId: number }): Promise<Broker>;
}

/** One that has moved is asked in vain for so long: shorter than kafkajs repeats a request. */
const REMEMBERED_MS = 1_000;

/**
 * kafkajs asks who coordinates a group or a transactional id before each request to it: four of the nine round trips of a
 * transaction. The answer is remembered for a moment.
 */
export function rememberCoordinators(prototype: Cluster, now: () => number = () => performance.now()): void {
  const find = prototype.findGroupCoordinator;
  const known = new WeakMap<Cluster, Map<string, { readonly nodeId: number; readonly until: number }>>();
  prototype.findGroupCoordinator = async function remembered(this: Cluster, request: Request): Promise<Broker> {
    let own = known.get(this);
    if (own === undefined) known.set(this, own = new Map());
    const key = `${request.coordinatorType ?? 0}/${request.groupId}`;
    const last = own.get(key);
    if (last !== undefined && now() < last.until) {
      try {
        return await this.findBroker({ nodeId: last.nodeId });
      } catch { /* it went away: who is it now? */ }
    }
    own.delete(key);
    const broker = await find.call(this, request);
    own.set(key, { nodeId: broker.nodeId, until: now() + REMEMBERED_MS });
    return broker;
  };
}
