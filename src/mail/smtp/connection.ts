import type { SMTPServer } from "smtp-server";
import { SMTPConnection } from "smtp-server/lib/smtp-connection.js";
import { Pace } from "./pace.js";
import { splitReply } from "./reply.js";
import { TRUSTED_SERVER, type TrustedServers } from "./trusted-servers.js";

export interface ConnectionRules {
  /** Whether a password is taken on a connection without TLS. */
  readonly plainLogin: "allowed" | "refused";
  readonly maximumSize: number;
  readonly maximumConnections: number;
  /** Milliseconds from the connection to a login, handshakes included. */
  readonly loginTime: number;
  /** Milliseconds within which a client sends a whole command, or some part of a mail. */
  readonly commandTime: number;
  readonly trustedServers: TrustedServers;
}

type AddressCommand = ReturnType<SMTPConnection["_parseAddressCommand"]>;

function isMail(command: Buffer): boolean {
  return /^mail from:/i.test(command.subarray(0, 10).toString("latin1"));
}

/** The reply after which the socket belongs to TLS; the greeting has the same code. */
const STARTS_TLS = 220;

/** Stands in for a missing domain while smtp-server parses. */
const MISSING_DOMAIN = "missing.invalid";

/**
 * smtp-server's connection where it has to behave otherwise: no wait before the greeting, addresses without a domain, our own words
 * and enhanced codes, and a quiet end. Written against smtp-server 3.21.6, which package.json pins.
 */
export class SubmissionConnection extends SMTPConnection {
  private state: "serving" | "draining" = "serving";
  private commands = 0;
  private readonly pace = new Pace();
  private loginTimer: NodeJS.Timeout | undefined;
  private paceTimer: NodeJS.Timeout | undefined;

  constructor(
    server: SMTPServer,
    socket: ConstructorParameters<typeof SMTPConnection>[1],
    options: ConstructorParameters<typeof SMTPConnection>[2],
    private readonly host: { readonly rules: ConnectionRules; readonly closed: () => void },
  ) {
    super(server, socket, options);
  }

  override _onClose(): void {
    clearTimeout(this.loginTimer);
    clearInterval(this.paceTimer);
    super._onClose();
    this.host.closed();
  }

  /** Greets at once: the wait of 100 ms is for catching spammers. */
  override init(): void {
    const { loginTime, commandTime } = this.host.rules;
    this.loginTimer = setTimeout(() => this.checkLogin(), loginTime).unref();
    this.paceTimer = setInterval(() => this.checkPace(), commandTime).unref();
    this._setListeners(() => {
      if (this._server.connections.size > this.host.rules.maximumConnections) {
        this.refuse();
      } else {
        this.connectionReady();
      }
    });
  }

  private checkLogin(): void {
    if (!this.session.user) this.send(421, "4.4.2 Time to log in is over.");
  }

  private checkPace(): void {
    const { commands, _socket: socket } = this;
    if (this.pace.getsOn({ commands, octets: socket.bytesRead }) || this.owesAnAnswer()) return;
    this.send(421, "4.4.2 Too slow.");
  }

  /** The client may wait for us: its command is being obeyed, or its whole mail looked at. */
  private owesAnAnswer(): boolean {
    const isWhole = this._dataStream && this._parser && !this._parser._dataMode;
    return this._handlerPending || Boolean(isWhole);
  }

  private refuse(): void {
    this.send(421, "4.7.0 Too many connections. Please try again in a moment.");
  }

  /** Ends the connection unless somebody has logged in, or it is ending; whether it did. */
  dropStranger(): boolean {
    if (this.state !== "serving" || this.session.user) return false;
    this.state = "draining";
    this.refuse();
    return true;
  }

  /** Lets a transaction in progress end, then says good-bye. */
  drain(): void {
    this.state = "draining";
    this.endWhenDrained();
  }

  /** Its user may not stay. What is being answered now is refused by the server, which closes as well. */
  end(reason: string): void {
    if (!this._handlerPending) this.send(421, `4.7.0 ${reason}`);
  }

  private isIdle(): boolean {
    return !this._handlerPending && !this.session.envelope?.mailFrom && this._nextHandler === false;
  }

  private sayGoodbye(): void {
    this.send(421, "4.3.2 This server is shutting down.");
  }

  override _onCommand(command: Buffer, callback?: () => void): void {
    this.commands++;
    if (this.state === "draining" && this.isIdle()) {
      this.sayGoodbye();
      return;
    }
    if (!this.session.user && isMail(command) && this.host.rules.trustedServers.has(this.session))
      this.session.user = TRUSTED_SERVER;
    super._onCommand(command, () => {
      callback?.();
      this.endWhenDrained();
    });
  }

  private endWhenDrained(): void {
    if (this.state === "draining" && this.isIdle()) this.sayGoodbye();
  }

  /** Runs after the answer to DATA among others. */
  override _resetSession(): void {
    super._resetSession();
    if (this.state === "draining") setImmediate(() => this.endWhenDrained());
  }

  override send(code: number, data?: string | string[] | null, context?: string | false): void {
    if (code !== STARTS_TLS) this.gatherReplies();
    if (context === "MESSAGE_TOO_BIG") {
      const text = `5.3.4 The mail is larger than ${this.host.rules.maximumSize} octets, which is the limit of this server. Send its attachments in another way.`;
      super.send(code, splitReply(code, text), false);
    } else if (Array.isArray(data)) {
      super.send(
        code,
        this.mustStartTls() ? data.filter((line) => !line.startsWith("AUTH ")) : data,
        context,
      );
    } else {
      const lines = data ? splitReply(code, data) : null;
      if (lines === null) super.send(code, data, context);
      else super.send(code, lines, false);
    }
  }

  /** Replies to pipelined commands leave in one packet (RFC 2920 section 3.2). */
  private gatherReplies(): void {
    const { _socket: socket } = this;
    if (socket.writableCorked > 0) return;
    socket.cork();
    process.nextTick(() => socket.uncork());
  }

  override handler_AUTH(command: Buffer, callback: () => void): void {
    if (this.session.envelope?.mailFrom) {
      this.send(503, "5.5.1 AUTH is not allowed during a mail transaction.");
      callback();
      return;
    }
    if (this.session.user === TRUSTED_SERVER) this.session.user = undefined;
    if (this.mustStartTls()) {
      this.send(538, "5.7.11 A password is taken over TLS only: STARTTLS first.");
      callback();
      return;
    }
    super.handler_AUTH(command, callback);
  }

  private mustStartTls(): boolean {
    return this.host.rules.plainLogin === "refused" && !this.secure;
  }

  /** Takes an address without a domain, such as `<BM-...>`, and hands it on as it is. */
  override _parseAddressCommand(name: string, command: Buffer | string): AddressCommand {
    const text = command.toString();
    const match = /^([^<]*<)([^<>@\s]+)(>.*)$/s.exec(text);
    if (match === null || match[2]!.toLowerCase() === "postmaster")
      return super._parseAddressCommand(name, text);
    const parsed = super._parseAddressCommand(name, `${match[1]}${match[2]}@${MISSING_DOMAIN}${match[3]}`);
    return parsed && { ...parsed, address: match[2]! };
  }
}
