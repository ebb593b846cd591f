import { createServer, type Server, type Socket } from "node:net";
import type { Endpoint } from "./known-nodes.js";

/** Where peers come in. */
export class Listener {
  readonly #onSocket: (socket: Socket) => void;
  readonly #onError: (error: unknown) => void;
  #server: Server | null = null;

  constructor(onSocket: (socket: Socket) => void, onError: (error: unknown) => void) {
    this.#onSocket = onSocket;
    this.#onError = onError;
  }

  /** Resolves with the address and the port that was given; rejects when they cannot be had. */
  listen(endpoint: Endpoint): Promise<Endpoint> {
    const server = createServer(this.#onSocket);
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(endpoint.port, endpoint.host, () => {
        this.#server = server;
        server.removeListener("error", reject);
        server.on("error", this.#onError);
        const address = server.address();
        const port = typeof address === "object" && address !== null ? address.port : endpoint.port;
        resolve({ host: endpoint.host, port });
      });
    });
  }

  /** Resolves when it is closed, its connections included. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server !== null) await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}
