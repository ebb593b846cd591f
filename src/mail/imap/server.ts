import { createServer, type Server, type Socket } from "node:net";
import { createSecureContext, type SecureContext, TLSSocket } from "node:tls";
import { silentLogger } from "../../logger.js";
import { Connection } from "./connection.js";
import { defaultLimits } from "./limits.js";
import type { SessionRegistry } from "./session.js";
import type { ImapServerOptions, ImapSettings } from "./settings.js";

export interface ImapServer {
  /** Resolves with the address that it listens on; rejects with the error of the socket (EADDRINUSE). */
  start(): Promise<{ readonly host: string; readonly port: number }>;
  /** Says BYE to every client and resolves when the last connection is closed. */
  stop(): Promise<void>;
  /** How many are open. */
  connections(): number;
}

const DEFAULT_APPEND_LIMIT = 64 * 1024 * 1024;

/** A stand-alone IMAP server for mail that a Backend provides. Nothing happens before `start`. */
export function createImapServer(options: ImapServerOptions): ImapServer {
  const limits = { ...defaultLimits, ...options.limits };
  const settings: ImapSettings = {
    backend: options.backend,
    tls: options.tls ?? { mode: "off" },
    requireTls: options.requireTls ?? false,
    explain: options.explain ?? (() => null),
    alert: options.alert ?? (() => null),
    logger: options.logger ?? silentLogger,
    limits,
    appendLimit: options.appendLimit ?? DEFAULT_APPEND_LIMIT,
    id: options.id ?? { name: "bitmessage-bridge" },
    withoutCapabilities: new Set(options.withoutCapabilities ?? []),
  };
  return new NodeImapServer(settings, options.listen);
}

class NodeImapServer implements ImapServer {
  readonly #connections = new Set<Connection>();
  /** In the TLS handshake. */
  readonly #handshakes = new Set<Socket>();
  readonly #registry: SessionRegistry;
  readonly #secureContext: SecureContext | null;
  readonly #server: Server;

  constructor(
    private readonly settings: ImapSettings,
    private readonly listen: { readonly host: string; readonly port: number },
  ) {
    this.#registry = new UserSessions(settings.limits.sessionsPerUser);
    this.#secureContext = secureContextOf(settings);
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
  }

  start(): Promise<{ host: string; port: number }> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(this.listen.port, this.listen.host, () => {
        this.#server.off("error", reject);
        this.#server.on("error", (error) => this.settings.logger.error("listening failed", { error }));
        const address = this.#server.address();
        const port = typeof address === "object" && address ? address.port : this.listen.port;
        resolve({ host: this.listen.host, port });
      });
    });
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      for (const connection of this.#connections) connection.stop("The server is shutting down.");
      for (const socket of this.#handshakes) socket.destroy();
    });
  }

  connections(): number {
    return this.#connections.size;
  }

  #accept(socket: Socket): void {
    if (this.#connections.size >= this.settings.limits.connections) this.#makeRoom();
    if (this.#connections.size >= this.settings.limits.connections) {
      socket.on("error", () => socket.destroy());
      socket.end("* BYE Too many connections.\r\n");
      return;
    }
    if (this.settings.tls.mode !== "implicit") {
      this.#serve(socket);
      return;
    }
    const secure = new TLSSocket(socket, { isServer: true, secureContext: this.#secureContext! });
    this.#handshakes.add(socket);
    const timer = setTimeout(() => socket.destroy(), this.settings.limits.loginTime).unref();
    const over = (): void => {
      clearTimeout(timer);
      this.#handshakes.delete(socket);
    };
    secure.once("error", () => secure.destroy());
    secure.once("close", over);
    socket.once("close", over);
    secure.once("secure", () => {
      over();
      this.#serve(secure);
    });
  }

  /** The one that has waited longest without a login goes, so that a crowd of strangers locks nobody out. */
  #makeRoom(): void {
    for (const connection of this.#connections) {
      if (connection.session.state !== "not-authenticated") continue;
      connection.stop("Too many connections.");
      this.#connections.delete(connection);
      return;
    }
  }

  #serve(socket: Socket): void {
    const connection = new Connection(socket, this.settings, this.#registry, this.#secureContext);
    this.#connections.add(connection);
    void connection.serve().then(() => this.#connections.delete(connection));
  }
}

function secureContextOf(settings: ImapSettings): SecureContext | null {
  const { mode, key, cert } = settings.tls;
  if (mode === "off") return null;
  if (!key || !cert) throw new Error(`TLS mode ${mode} needs a key and a certificate`);
  return createSecureContext({ key, cert, minVersion: "TLSv1.2" });
}

class UserSessions implements SessionRegistry {
  readonly #counts = new Map<string, number>();

  constructor(private readonly limit: number) {}

  enter(user: string): boolean {
    const count = this.#counts.get(user) ?? 0;
    if (count >= this.limit) return false;
    this.#counts.set(user, count + 1);
    return true;
  }

  leave(user: string): void {
    const count = (this.#counts.get(user) ?? 1) - 1;
    if (count > 0) this.#counts.set(user, count);
    else this.#counts.delete(user);
  }
}
