import { createServer } from 'node:net';

/** True when something listens on this port of the host, or the port may not be used. */
export function portIsTaken(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(true));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(false)));
  });
}

/** So many ports of the loopback that nobody listens on at this moment, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
    const server = createServer();
    server.once('error', reject).listen({ port: 0, host: '127.0.0.1' }, () => resolve(server));
  })));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** @throws Error that names the first port of these which is taken. */
export async function refuseTakenPorts(program: string, ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    if (await portIsTaken(port)) throw new Error(`${program} can't have port ${port}: something else listens on it.`);
  }
}
