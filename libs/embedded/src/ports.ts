import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** True when something listens on this port of the host, or the port may not be used. */
export function portIsTaken(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(true));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(false)));
  });
}

/** Below the range from which systems take the near end of outgoing connections, which would come and go in between. */
const [LOWEST, HIGHEST] = [10_000, 32_000] as const;

/** So many ports of the loopback that nobody listens on at this moment, all different, chosen at random. */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  while (found.size < count) {
    const port = randomInt(LOWEST, HIGHEST);
    if (!found.has(port) && !(await portIsTaken(port))) found.add(port);
  }
  return [...found];
}

/** @throws Error that names the first port of these which is taken. */
export async function refuseTakenPorts(program: string, ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    if (await portIsTaken(port)) throw new Error(`${program} can't have port ${port}: something else listens on it.`);
  }
}
