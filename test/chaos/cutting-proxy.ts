import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** The way to a server, which can be cut. */
export class CuttingProxy {
  private readonly sockets = new Set<Socket>();
  private open = true;
  private words: Buffer | undefined;
  /** How often an answer was cut off. */
  cuts = 0;

  private constructor(private readonly server: Server, readonly port: number) {}

  static async to(host: string, port: number): Promise<CuttingProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    const proxy = new CuttingProxy(server, (server.address() as AddressInfo).port);
    server.on('connection', (client) => proxy.join(client, connect(port, host)));
    return proxy;
  }

  private join(client: Socket, upstream: Socket): void {
    let armed = false;
    client.on('data', (bytes: Buffer) => {
      if (this.words !== undefined && bytes.includes(this.words)) { this.words = undefined; armed = true; }
      upstream.write(bytes);
    });
    upstream.on('data', (bytes: Buffer) => {
      if (!armed) { client.write(bytes); return; }
      this.cuts += 1;
      client.destroy();
    });
    for (const [one, other] of [[client, upstream], [upstream, client]] as const) {
      this.sockets.add(one);
      one.on('error', () => undefined).on('close', () => { this.sockets.delete(one); other.destroy(); });
    }
    if (!this.open) client.destroy();
  }

  /** Nobody gets through, and who was through is thrown out. */
  cut(): void {
    this.open = false;
    for (const socket of this.sockets) socket.destroy();
  }

  mend(): void { this.open = true; }

  /** The next time that a client says these words, the server's answer to them is lost with the connection. */
  loseAnswerTo(words: string): void { this.words = Buffer.from(words); }

  async close(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => { this.server.close(() => resolve()); });
  }
}
