import { connect, createServer, type Server, type Socket } from "node:net";

/** What a client of the proxy asked for. */
export interface ProxyRequest {
  readonly user: string | null;
  readonly host: string;
  readonly port: number;
}

/** A SOCKS5 server that knows where names lead, because the test has told it. */
export class SocksServer {
  readonly requests: ProxyRequest[] = [];
  /** Connections that were opened, asking for something or not. */
  greetings = 0;
  /** From "host:port" to where it really is. */
  readonly places = new Map<string, { host: string; port: number }>();
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #method: number;

  /** @param method what is chosen of the client's offer: 0 none, 2 user and password, 255 nothing */
  constructor(method = 2) {
    this.#method = method;
    this.#server = createServer((socket) => {
      this.#keep(socket);
      void this.#serve(socket);
    });
  }

  listen(host: string, port = 0): Promise<number> {
    return new Promise((resolve) => {
      this.#server.listen(port, host, () => resolve((this.#server.address() as { port: number }).port));
    });
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => this.#sockets.delete(socket));
  }

  async #serve(socket: Socket): Promise<void> {
    const read = reader(socket);
    const [, count = 0] = await read(2);
    await read(count);
    this.greetings += 1;
    socket.write(Uint8Array.of(5, this.#method));
    let user: string | null = null;
    if (this.#method === 2) {
      const [, length = 0] = await read(2);
      user = new TextDecoder().decode(await read(length));
      const [passwordLength = 0] = await read(1);
      user += `:${new TextDecoder().decode(await read(passwordLength))}`;
      socket.write(Uint8Array.of(1, 0));
    }
    const [, , , type] = await read(4);
    const host = await readHost(read, type ?? 0);
    const [high = 0, low = 0] = await read(2);
    this.requests.push({ user, host, port: high * 256 + low });
    this.#join(socket, this.places.get(`${host}:${high * 256 + low}`));
  }

  #join(socket: Socket, place: { host: string; port: number } | undefined): void {
    if (place === undefined) {
      socket.end(Uint8Array.of(5, 4, 0, 1, 0, 0, 0, 0, 0, 0));
      return;
    }
    const target = connect(place, () => {
      // In two pieces, as the network may deliver it.
      socket.write(Uint8Array.of(5, 0, 0));
      socket.write(Uint8Array.of(3, 4, 97, 98, 99, 100, 0, 0));
      target.pipe(socket);
      socket.pipe(target);
    });
    this.#keep(target);
    socket.once("close", () => target.destroy());
    target.once("close", () => socket.destroy());
  }
}

function reader(socket: Socket): (length: number) => Promise<Uint8Array> {
  return (length) =>
    new Promise((resolve) => {
      const take = () => {
        const chunk = length === 0 ? new Uint8Array(0) : (socket.read(length) as Uint8Array | null);
        if (chunk === null) socket.once("readable", take);
        else resolve(chunk);
      };
      take();
    });
}

async function readHost(read: (length: number) => Promise<Uint8Array>, type: number): Promise<string> {
  if (type === 1) return [...(await read(4))].join(".");
  if (type === 4) return Buffer.from(await read(16)).toString("hex");
  const [length = 0] = await read(1);
  return new TextDecoder().decode(await read(length));
}
