/** A small HTTP/1.1 server on Node's own: limits, guards, one handler. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { type Logger, silentLogger } from "../logger.js";
import { isOwnHost, PROTECTIVE_HEADERS, refuseForeignOrigin } from "./guard.js";
import { defaultLimits, type HttpLimits } from "./limits.js";
import { HttpError, type HttpHandler, type HttpRequest, type HttpResponse } from "./message.js";
import { readBody, readTarget } from "./request.js";

export interface HttpServer {
  /** Resolves with the address that it listens on; rejects with the error of the socket (EADDRINUSE). */
  start(): Promise<{ readonly host: string; readonly port: number }>;
  /** Resolves when the last connection is closed. */
  stop(): Promise<void>;
}

export interface HttpServerOptions {
  readonly listen: { readonly host: string; readonly port: number };
  /** A file descriptor of a socket that listens already, which is taken in place of `listen`. */
  readonly socket?: number | null;
  /** PEM; null for plain HTTP. */
  readonly tls?: { readonly key: string; readonly cert: string } | null;
  /** Names besides localhost by which clients may call us. */
  readonly names?: readonly string[];
  readonly handler: HttpHandler;
  readonly limits?: Partial<HttpLimits>;
  /** What to say of a failure of the host that is no bug of it, such as a full disk; null: it is one. */
  readonly explain?: (error: unknown) => HttpError | null;
  readonly logger?: Logger;
}

/** Nothing happens before `start`. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  return new NodeHttpServer(options);
}

class NodeHttpServer implements HttpServer {
  readonly #options: HttpServerOptions;
  readonly #limits: HttpLimits;
  readonly #logger: Logger;
  readonly #names: readonly string[];
  readonly #server: Server;
  /** Oldest first. */
  readonly #sockets = new Set<Socket>();
  /** What is being answered, by who asks. */
  readonly #requests = new Map<string, IncomingMessage>();

  constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#logger = options.logger ?? silentLogger;
    this.#names = (options.names ?? []).map((name) => name.toLowerCase());
    this.#server = this.#create();
  }

  #create(): Server {
    const { header, headerTime, requestTime, stallTime, idleTime } = this.#limits;
    const settings = {
      maxHeaderSize: header,
      headersTimeout: headerTime,
      requestTimeout: requestTime,
      keepAliveTimeout: idleTime,
      connectionsCheckingInterval: Math.max(50, Math.min(1000, headerTime / 4)),
    };
    const { tls } = this.#options;
    const answer = (request: IncomingMessage, response: ServerResponse) => {
      void this.#answer(request, response);
    };
    const server = tls
      ? createTlsServer({ ...settings, ...tls, minVersion: "TLSv1.2", handshakeTimeout: headerTime }, answer)
      : createServer(settings, answer);
    server.setTimeout(stallTime, (socket) => socket.destroy());
    // Also what has not finished its handshake.
    server.on("connection", (socket: Socket) => {
      if (this.#sockets.size >= this.#limits.connections) this.#makeRoom();
      if (this.#sockets.size >= this.#limits.connections) {
        socket.destroy();
        return;
      }
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    return server;
  }

  /** The oldest goes that has not asked for anything whole, so that a crowd of strangers locks nobody out. */
  #makeRoom(): void {
    for (const socket of this.#sockets) {
      if (this.#requests.get(peerOf(socket))?.complete) continue;
      this.#sockets.delete(socket);
      socket.destroy();
      return;
    }
  }

  start(): Promise<{ host: string; port: number }> {
    const { listen, socket = null } = this.#options;
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(socket === null ? listen : { fd: socket }, () => {
        this.#server.off("error", reject);
        this.#server.on("error", (error) => this.#logger.error("listening failed", { error }));
        const address = this.#server.address();
        resolve({ ...listen, ...(typeof address === "object" && address ? { port: address.port } : {}) });
      });
    });
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      const deadline = setTimeout(() => {
        for (const socket of this.#sockets) socket.destroy();
      }, this.#limits.stopTime);
      this.#server.close(() => {
        clearTimeout(deadline);
        resolve();
      });
      this.#server.closeIdleConnections();
    });
  }

  async #answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    outgoing.on("error", () => outgoing.destroy());
    const peer = peerOf(incoming.socket);
    this.#requests.set(peer, incoming);
    outgoing.once("close", () => {
      if (this.#requests.get(peer) === incoming) this.#requests.delete(peer);
    });
    let response: HttpResponse;
    try {
      response = await this.#options.handler(this.#read(incoming));
    } catch (error) {
      response = this.#explain(error);
    }
    if (outgoing.destroyed) return;
    try {
      write(outgoing, response);
    } catch (error) {
      // Such as a field that would end its line: nothing of it goes out.
      this.#logger.error("an answer cannot be written", { error });
      outgoing.destroy();
    }
  }

  /** @throws HttpError 400, 403 or 421 for a request that is not looked at */
  #read(incoming: IncomingMessage): HttpRequest {
    const { method = "", headers } = incoming;
    const host = headers.host ?? "";
    // RFC 9112 section 3.2: who looks at the other one is not to be told something else.
    if ((incoming.headersDistinct["host"]?.length ?? 0) > 1)
      throw new HttpError(400, "A request has one Host field.");
    const target = readTarget(incoming.url ?? "");
    if (!isOwnHost(host, this.#names) || (target.authority !== null && target.authority !== host))
      throw new HttpError(421, "This server does not answer to that name; use localhost.");
    refuseForeignOrigin(method, host, headers);
    return {
      method,
      path: target.path,
      segments: target.segments,
      query: target.query,
      host,
      protection: incoming.socket instanceof TLSSocket ? "tls" : "plain",
      remoteAddress: incoming.socket.remoteAddress ?? "",
      remotePort: incoming.socket.remotePort,
      localPort: incoming.socket.localPort,
      header(name) {
        const value = headers[name];
        return (Array.isArray(value) ? value.join(", ") : value) ?? null;
      },
      body: (limit) => readBody(incoming, limit),
    };
  }

  #explain(error: unknown): HttpResponse {
    const headers = { "Content-Type": "text/plain; charset=utf-8" };
    const known = error instanceof HttpError ? error : (this.#options.explain?.(error) ?? null);
    if (known !== null) {
      return { status: known.status, headers: { ...headers, ...known.headers }, body: `${known.message}\n` };
    }
    this.#logger.error("a request failed", { error });
    return { status: 500, headers, body: "The bridge met an error of its own; its log tells more.\n" };
  }
}

/** The same for a connection and for TLS on it. */
function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

function write(outgoing: ServerResponse, { status, headers = {}, body = "" }: HttpResponse): void {
  const bytes = typeof body === "string" ? Buffer.from(body, "utf8") : body;
  const fields = { ...PROTECTIVE_HEADERS, ...headers };
  for (const [name, value] of Object.entries(fields)) outgoing.setHeader(name, value);
  if (status !== 204 && status !== 304) outgoing.setHeader("Content-Length", bytes.length);
  outgoing.writeHead(status);
  outgoing.end(bytes);
}
