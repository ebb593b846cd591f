import type {
  SMTPServerAddress,
  SMTPServerAuthentication,
  SMTPServerOptions,
  SMTPServerSession,
} from "smtp-server";
import type { Logger } from "../../logger.js";
import { type AuthenticatedUser, LoginRefused } from "../sasl.js";
import type { ConnectionRules } from "./connection.js";
import { SmtpError } from "./error.js";
import type { SubmissionHandler } from "./handler.js";
import { ListeningServer } from "./listening-server.js";
import { collectMessage } from "./message-data.js";
import { type Explain, type Refusal, refusal } from "./reply.js";
import { Transaction } from "./transaction.js";
import { TRUSTED_SERVER, TrustedServers, type TrustedServersOptions } from "./trusted-servers.js";

export type SubmissionTls =
  | { readonly mode: "off" }
  /** PEM. */
  | { readonly mode: "starttls" | "implicit"; readonly key: string | Buffer; readonly cert: string | Buffer };

export interface SubmissionLimits {
  readonly recipients: number;
  readonly connections: number;
  /** Wrong passwords on one connection until it is closed. */
  readonly loginFailures: number;
  /** Milliseconds from the connection to a login. */
  readonly login: number;
  /** Milliseconds without a whole command, or some part of a mail (RFC 5321 section 4.5.3.2.7). */
  readonly idle: number;
  /** Milliseconds that stop() waits for transactions in progress. */
  readonly stop: number;
}

export const defaultSubmissionLimits: SubmissionLimits = {
  recipients: 100,
  connections: 200,
  loginFailures: 5,
  login: 3 * 60_000,
  idle: 5 * 60_000,
  stop: 10_000,
};

export interface SubmissionServerOptions {
  readonly handler: SubmissionHandler;
  /** Port 0: any free one, told by start(). */
  readonly listen: { readonly host: string; readonly port: number };
  readonly tls: SubmissionTls;
  /** Take passwords over TLS only. */
  readonly requireTls: boolean;
  /** Mail servers that send for users without a login; none unless given. */
  readonly trustedServers?: TrustedServersOptions;
  /** The server's name in its greeting. */
  readonly name: string;
  readonly explain?: Explain;
  readonly logger: Logger;
  readonly limits?: Partial<SubmissionLimits>;
}

export interface SubmissionServer {
  /** Resolves when listening; rejects with the error of the socket (EADDRINUSE, EACCES). Once. */
  start(): Promise<{ host: string; port: number }>;
  /** Takes no more connections, lets transactions in progress end, and resolves when every connection is closed. */
  stop(): Promise<void>;
  /** How many are open. */
  connections(): number;
}

/** An authenticated submission server (RFC 6409) on smtp-server. */
export function createSubmissionServer(options: SubmissionServerOptions): SubmissionServer {
  if (options.requireTls && options.tls.mode === "off") {
    throw new Error("A submission server that requires TLS needs a key and a certificate.");
  }
  return new Submission(options);
}

class Submission implements SubmissionServer {
  private readonly limits: SubmissionLimits;
  private readonly server: ListeningServer;
  private readonly logger: Logger;
  private readonly trusted: TrustedServers;
  /** By smtp-server's envelope, which it makes anew for each transaction. */
  private readonly transactions = new WeakMap<object, Transaction>();
  /** Envelopes of mails that have come whole. */
  private readonly submitted = new WeakSet<object>();
  private readonly loginFailures = new WeakMap<object, number>();
  /** How to tell the host that a session has ended. */
  private readonly releases = new WeakMap<object, () => void>();
  /** Sessions whose user may not stay, and what he is told. */
  private readonly ended = new WeakMap<object, string>();
  private stopping: Promise<void> | null = null;

  constructor(private readonly options: SubmissionServerOptions) {
    this.limits = { ...defaultSubmissionLimits, ...options.limits };
    this.logger = options.logger;
    this.trusted = new TrustedServers(options.trustedServers ?? { networks: [], authorities: null });
    const rules: ConnectionRules = {
      plainLogin: options.requireTls ? "refused" : "allowed",
      maximumSize: options.handler.maximumSize,
      maximumConnections: this.limits.connections,
      loginTime: this.limits.login,
      commandTime: this.limits.idle,
      trustedServers: this.trusted,
    };
    this.server = new ListeningServer({ ...this.settings(), ...this.hooks() }, rules);
    // Clients that go away or cannot speak TLS.
    this.server.on("error", (error: Error) => {
      this.logger.debug("submission connection failed", { error: error.message });
    });
  }

  start(): Promise<{ host: string; port: number }> {
    const { host, port } = this.options.listen;
    return new Promise((resolve, reject) => {
      this.server.server.once("error", reject);
      this.server.listen(port, host, () => {
        this.server.server.off("error", reject);
        const address = this.server.server.address();
        resolve({ host, port: typeof address === "object" && address !== null ? address.port : port });
      });
    });
  }

  connections(): number {
    return this.server.connections.size;
  }

  stop(): Promise<void> {
    this.stopping ??= this.server.drain(this.limits.stop);
    return this.stopping;
  }

  private refusal(error: unknown): Refusal {
    return refusal(error, this.logger, this.options.explain ?? (() => null));
  }

  private settings(): SMTPServerOptions {
    const { tls, name, handler } = this.options;
    return {
      name,
      heloResponse: "%s",
      logger: false,
      size: handler.maximumSize,
      rejectOversized: true,
      authMethods: ["PLAIN", "LOGIN"],
      allowInsecureAuth: true,
      authRequiredMessage: "5.7.0 Please log in first.",
      maxAllowedUnauthenticatedCommands: 50,
      disableReverseLookup: true,
      hideENHANCEDSTATUSCODES: false,
      hideDSN: false,
      socketTimeout: this.limits.idle,
      disabledCommands: [
        "WIZ",
        "SHELL",
        "KILL",
        "XCLIENT",
        "XFORWARD",
        ...(tls.mode === "starttls" ? [] : ["STARTTLS"]),
      ],
      ...(tls.mode !== "off" && { key: tls.key, cert: tls.cert, minVersion: "TLSv1.2" as const }),
      secure: tls.mode === "implicit",
      ...this.trusted.tlsSettings,
    };
  }

  private hooks(): SMTPServerOptions {
    return {
      onConnect: (session, callback) => {
        this.trusted.connected(session);
        callback();
      },
      onSecure: (socket, session, callback) => {
        this.trusted.secured(session, socket);
        callback();
      },
      onAuth: (login, session, callback) => {
        this.authenticate(login, session).then(
          (user) => {
            this.opened(user, session);
            callback(null, { user });
          },
          (error) => callback(this.refusal(error)),
        );
      },
      onMailFrom: (address, session, callback) =>
        this.answer(this.openTransaction(address, session), callback),
      onRcptTo: (address, session, callback) => this.answer(this.addRecipient(address, session), callback),
      onClose: (session) => this.releases.get(session)?.(),
      onData: (stream, session, callback) => {
        const { envelope } = session;
        collectMessage(stream, this.options.handler.maximumSize)
          .then((bytes) => (bytes === null ? null : this.submit({ envelope }, session, bytes)))
          .then(
            // smtp-server itself answers 552 to what was too large.
            (queueId) => callback(null, `2.0.0 OK: queued as ${queueId}`),
            (error) => callback(this.refusal(error)),
          );
      },
    };
  }

  private answer(outcome: Promise<void>, callback: (error?: Error | null) => void): void {
    outcome.then(
      () => callback(),
      (error) => callback(this.refusal(error)),
    );
  }

  private async openTransaction(address: SMTPServerAddress, session: SMTPServerSession): Promise<void> {
    this.refuseEnded(session);
    const { envelope } = session;
    const user = session.user === TRUSTED_SERVER ? null : (session.user as AuthenticatedUser);
    const { handler } = this.options;
    this.transactions.set(envelope, await Transaction.open(user, address, handler, this.limits.recipients));
  }

  private async addRecipient(address: SMTPServerAddress, session: SMTPServerSession): Promise<void> {
    await this.transactionOf(session, session).add(address);
  }

  private opened(user: AuthenticatedUser, session: SMTPServerSession): void {
    const release = this.options.handler.opened?.(user, (reason) => {
      this.ended.set(session, reason);
      this.server.endSession(session, reason);
    });
    if (release !== undefined) this.releases.set(session, release);
  }

  private refuseEnded(session: SMTPServerSession): void {
    const reason = this.ended.get(session);
    if (reason !== undefined) throw new SmtpError(421, "4.7.0", reason);
  }

  private submit(
    begun: Pick<SMTPServerSession, "envelope">,
    session: SMTPServerSession,
    bytes: Uint8Array,
  ): Promise<string> {
    const transaction = this.transactionOf(begun, session);
    this.submitted.add(begun.envelope);
    return transaction.submit(bytes, this.transactionsUnderWay());
  }

  /** Mails of which the end is still to come. */
  private transactionsUnderWay(): number {
    let count = 0;
    for (const { session } of this.server.connections)
      if (session.envelope?.mailFrom && !this.submitted.has(session.envelope)) count++;
    return count;
  }

  /** @param envelope as it was when the transaction began: smtp-server takes it off the session while data comes */
  private transactionOf(
    { envelope }: Pick<SMTPServerSession, "envelope">,
    session: SMTPServerSession,
  ): Transaction {
    this.refuseEnded(session);
    const transaction = this.transactions.get(envelope);
    if (transaction === undefined) throw new SmtpError(503, "5.5.1", "MAIL first.");
    return transaction;
  }

  private async authenticate(
    login: SMTPServerAuthentication,
    session: SMTPServerSession,
  ): Promise<AuthenticatedUser> {
    const username = login.username ?? "";
    const password = login.password ?? "";
    // RFC 4616: acting for somebody else is not possible here.
    const actsForOther = Boolean(login.authzid && login.authcid && login.authzid !== login.authcid);
    const { remoteAddress, remotePort, localPort } = session;
    const origin = { service: "smtp", remoteAddress, remotePort, localPort } as const;
    const user = actsForOther
      ? null
      : await orRefused(this.options.handler.authenticate({ username, password, ...origin }));
    if (user !== null) return user;
    const failures = (this.loginFailures.get(session) ?? 0) + 1;
    this.loginFailures.set(session, failures);
    if (failures >= this.limits.loginFailures) {
      throw new SmtpError(421, "4.7.0", "Too many wrong passwords on this connection.");
    }
    throw new SmtpError(535, "5.7.8", "The user name or the password is wrong.");
  }
}

/** RFC 4954 section 6: 454 says that it is not the password. */
async function orRefused<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw error instanceof LoginRefused ? new SmtpError(454, "4.7.0", error.message) : error;
  }
}
