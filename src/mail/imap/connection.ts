/** One client's socket: octets in to the decoder, responses out, TLS, and the times after which the client is dropped. */
import type { Socket } from "node:net";
import { type SecureContext, TLSSocket } from "node:tls";
import { CommandDecoder, type DecoderEvent, type Segment } from "./decoder.js";
import { ResponseWriter } from "./output.js";
import { Pacer } from "./pacer.js";
import { Session, type SessionConnection, type SessionRegistry } from "./session.js";
import type { ImapSettings } from "./settings.js";

/** As much may be sent ahead of the command that is being obeyed. */
const READ_AHEAD = 256 * 1024;
const LITERAL_BEFORE_LOGIN = 4096;

export class Connection implements SessionConnection {
  readonly session: Session;
  readonly remoteAddress: string;
  readonly remotePort: number | undefined;
  readonly localPort: number | undefined;
  closed = false;
  readonly #out: ResponseWriter;
  readonly #decoder: CommandDecoder;
  readonly #pacer = new Pacer();
  #socket: Socket;
  #detach = (): void => {};
  /** The client has closed its side: what it sent is still obeyed. */
  #ended = false;
  #waiting: (() => void)[] = [];
  #awake = false;
  #timer: NodeJS.Timeout | undefined;
  #stallTimer: NodeJS.Timeout | undefined;

  constructor(
    socket: Socket,
    private readonly settings: ImapSettings,
    registry: SessionRegistry,
    private readonly secureContext: SecureContext | null,
  ) {
    this.#socket = socket;
    this.remoteAddress = socket.remoteAddress ?? "";
    this.remotePort = socket.remotePort;
    this.localPort = socket.localPort;
    this.#out = new ResponseWriter(socket);
    this.session = new Session(settings, registry, this, this.#out);
    this.#decoder = new CommandDecoder({
      line: settings.limits.lineBeforeLogin,
      literal: (segments, text) => this.#literalLimit(segments, text),
    });
    socket.setNoDelay(true);
    this.#attach(socket);
  }

  get encrypted(): boolean {
    return this.#socket instanceof TLSSocket;
  }

  /** Serves the client until it leaves. Never rejects. */
  async serve(): Promise<void> {
    this.#setTimer(this.settings.limits.loginTime, "Time to log in is over.");
    try {
      this.session.greet();
      this.#out.flush();
      await this.#obeyCommands();
    } catch (error) {
      this.settings.logger.error("session failed", { error });
    }
    this.#end();
  }

  /** Says good-bye and closes. */
  stop(reason: string): void {
    if (this.closed) return;
    if (this.session.state !== "logout") this.#out.line(`* BYE ${reason}`);
    this.session.state = "logout";
    this.#end();
    this.wake();
  }

  activity(): Promise<void> {
    this.#out.flush();
    if (this.#ended) this.#closed();
    if (this.#awake || this.closed) {
      this.#awake = false;
      return Promise.resolve();
    }
    this.#socket.resume();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#awake = waiting.length === 0;
    for (const resolve of waiting) resolve();
  }

  async nextLine(limit: number): Promise<string | null> {
    for (;;) {
      const line = this.#decoder.nextLine(limit);
      if (line !== null || this.closed) return line;
      await this.activity();
    }
  }

  peekLine(limit: number): string | null {
    return this.#decoder.peekLine(limit);
  }

  loggedIn(): void {
    this.#decoder.limits = { ...this.#decoder.limits, line: this.settings.limits.line };
    this.#setTimer(this.settings.limits.inactivityTime, "Inactive for too long.");
  }

  async startTls(): Promise<void> {
    const context = this.secureContext;
    if (!context) throw new Error("STARTTLS without a certificate");
    const plain = this.#socket;
    plain.pause();
    this.#detach();
    // Whatever was sent in the clear ahead of the handshake must not be taken for a command afterwards (RFC 9051 section 11.1).
    this.#decoder.discard();
    const secure = new TLSSocket(plain, { isServer: true, secureContext: context });
    this.#socket = secure;
    this.#out.replaceStream(secure);
    this.#attach(secure);
    await new Promise<void>((resolve) => {
      for (const event of ["secure", "end", "close"]) secure.once(event, resolve);
      // A client that has closed its side before the handshake: TLS does not hear of it.
      plain.once("end", () => secure.destroy());
      setImmediate(() => plain.read(0));
    });
  }

  async #obeyCommands(): Promise<void> {
    while (!this.closed && this.session.state !== "logout") {
      await this.#out.ready();
      await this.#pacer.pause();
      const event = this.#decoder.next();
      if (event) {
        await this.#obey(event);
        this.#out.flush();
        if (this.session.user) this.#timer?.refresh();
        if (this.#decoder.buffered <= READ_AHEAD) this.#socket.resume();
      } else {
        await this.session.deliver("between-commands");
        await this.activity();
        this.#pacer.restart();
      }
    }
  }

  async #obey(event: DecoderEvent): Promise<void> {
    switch (event.type) {
      case "command":
        return this.session.execute(event.segments);
      case "continue":
        this.#out.line("+ OK");
        return;
      case "refused":
        return this.#refuse(event.segments, event.reason);
      case "fatal":
        this.#out.line("* BYE That literal is too large.");
        this.session.state = "logout";
    }
  }

  #refuse(segments: readonly Segment[], reason: "line-too-long" | "literal-too-big" | "bad-literal"): void {
    if (reason === "line-too-long") this.session.refuse(segments, null, "The command is too long.");
    else this.session.refuse(segments, "TOOBIG", "The literal is larger than the server takes.");
  }

  /** RFC 7888 section 4: what may come is decided before a synchronising literal is called for. */
  #literalLimit(segments: readonly Segment[], text: string): number {
    const { limits, appendLimit } = this.settings;
    if (this.session.state === "not-authenticated") return segments.length < 8 ? LITERAL_BEFORE_LOGIN : 0;
    const first = segments[0]?.text ?? text;
    const used = segments.reduce((sum, segment) => sum + (segment.literal?.length ?? 0), 0);
    // The mailbox name of APPEND may be a literal too; that does no harm.
    if (/^\S+ +(?:APPEND|(?:UID +)?REPLACE) /i.test(first))
      return Math.max(0, Math.min(appendLimit, 2 * appendLimit - used));
    return Math.max(0, limits.literals - used);
  }

  #attach(socket: Socket): void {
    const data = (chunk: Buffer): void => {
      this.#decoder.push(chunk);
      if (this.#waiting.length === 0 && this.#decoder.buffered > READ_AHEAD) socket.pause();
      this.wake();
    };
    const drain = (): void => {
      this.#out.drained();
      this.wake();
    };
    const end = (): void => {
      this.#ended = true;
      if (this.#waiting.length > 0) this.#closed();
      this.wake();
    };
    const close = (): void => this.#closed();
    socket.on("data", data).on("drain", drain).on("end", end).on("close", close);
    socket.on("error", (error: NodeJS.ErrnoException) => {
      this.settings.logger.debug("connection failed", { code: error.code });
      this.#closed();
      socket.destroy();
    });
    this.#detach = () => socket.off("data", data).off("drain", drain).off("end", end).off("close", close);
    clearInterval(this.#stallTimer);
    this.#stallTimer = setInterval(() => this.#checkStall(), this.settings.limits.stallTime).unref();
  }

  #written = 0;

  /** Dropped when something waited to be written all through a period and nothing of it was taken. */
  #checkStall(): void {
    const written = this.#socket.bytesWritten - this.#socket.writableLength;
    if (this.#socket.writableLength > 0 && written === this.#written) this.#socket.destroy();
    this.#written = written;
  }

  #setTimer(milliseconds: number, reason: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.stop(reason), milliseconds).unref();
  }

  #end(): void {
    this.#out.flush();
    this.#socket.end();
    // A client that never closes its side must not keep ours.
    setTimeout(() => this.#socket.destroy(), 2000).unref();
    this.#socket.resume();
    this.#closed();
  }

  #closed(): void {
    if (this.closed) return;
    this.closed = true;
    clearTimeout(this.#timer);
    clearInterval(this.#stallTimer);
    this.#out.close();
    this.session.close();
    this.wake();
  }
}
