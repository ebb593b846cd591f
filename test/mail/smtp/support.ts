import { connect, type Socket } from "node:net";
import { type LogFields, type Logger, silentLogger } from "../../../src/logger.js";
import { SmtpError } from "../../../src/mail/smtp/error.js";
import type {
  Envelope,
  MailParameters,
  Recipient,
  SubmissionHandler,
} from "../../../src/mail/smtp/handler.js";
import { createSubmissionServer, type SubmissionServerOptions } from "../../../src/mail/smtp/server.js";

export interface Submitted {
  readonly user: string;
  readonly envelope: Envelope;
  readonly text: string;
}

/** A host that keeps what it is given. Password: `right`. */
export class MemoryHandler implements SubmissionHandler {
  maximumSize = 10_000;
  readonly submitted: Submitted[] = [];
  readonly asked: string[] = [];
  /** How many others were under way at each submission. */
  readonly coming: number[] = [];
  /** Runs before the answer to DATA. */
  beforeCommit: () => Promise<void> = async () => {};

  async authenticate({ username, password }: { username: string; password: string }) {
    if (username === "crash") throw new Error("authenticator is broken");
    return password === "right" ? { name: username } : null;
  }

  async checkSender(_user: unknown, sender: string, parameters: MailParameters): Promise<void> {
    this.asked.push(`sender ${sender} ${JSON.stringify(parameters)}`);
    if (sender.startsWith("stranger"))
      throw new SmtpError(550, "5.7.1", `${sender} is not one of your identities.`);
    if (sender.startsWith("crash")) throw new TypeError("host is broken");
  }

  async checkRecipient(_user: unknown, _sender: string, recipient: Recipient): Promise<void> {
    this.asked.push(`recipient ${recipient.address}`);
    if (recipient.address.startsWith("nobody")) {
      throw new SmtpError(
        550,
        "5.1.1",
        `No such address: the checksum is wrong. ${"Please look at it again. ".repeat(20)}`,
      );
    }
    if (recipient.address.startsWith("crash")) throw new TypeError("host is broken");
  }

  async submit(user: { name: string }, envelope: Envelope, bytes: Uint8Array, coming: number) {
    this.coming.push(coming);
    await this.beforeCommit();
    const text = Buffer.from(bytes).toString("latin1");
    if (text.includes("too difficult")) throw new SmtpError(554, "5.7.0", "Too much work.");
    if (text.includes("crash")) throw new TypeError("host is broken");
    this.submitted.push({ user: user.name, envelope, text });
    return { queueId: `Q${this.submitted.length}` };
  }
}

export class MemoryLogger implements Logger {
  readonly lines: string[] = [];
  private readonly write = (text: string, fields?: LogFields) => {
    this.lines.push(`${text} ${JSON.stringify(fields ?? {})}`);
  };
  debug = this.write;
  info = this.write;
  warn = this.write;
  error = this.write;
  child(): Logger {
    return this;
  }
}

export async function startServer(
  handler: SubmissionHandler,
  options: Partial<SubmissionServerOptions> = {},
) {
  const server = createSubmissionServer({
    handler,
    listen: { host: "127.0.0.1", port: 0 },
    tls: { mode: "off" },
    requireTls: false,
    name: "bridge.test",
    logger: silentLogger,
    ...options,
  });
  const { port } = await server.start();
  return { server, port };
}

/** A client that speaks lines. */
export class RawClient {
  private buffer = "";
  private waiting: (() => void) | null = null;
  private isClosed = false;

  private constructor(readonly socket: Socket) {
    const wake = () => {
      this.waiting?.();
      this.waiting = null;
    };
    socket.setNoDelay(true);
    socket.on("data", (chunk) => {
      this.buffer += chunk.toString("latin1");
      wake();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.isClosed = true;
      wake();
    });
  }

  static async connect(port: number): Promise<RawClient> {
    return RawClient.over(connect({ port, host: "127.0.0.1" }));
  }

  static over(socket: Socket): RawClient {
    return new RawClient(socket);
  }

  send(text: string | Uint8Array): void {
    this.socket.write(typeof text === "string" ? Buffer.from(text, "latin1") : text);
  }

  /** The next reply, its lines joined by LF; `closed` when the server has closed the connection. */
  async reply(): Promise<string> {
    for (;;) {
      const match = /^(?:\d{3}-[^\r\n]*\r\n)*\d{3}(?: [^\r\n]*)?\r\n/.exec(this.buffer);
      if (match !== null) {
        this.buffer = this.buffer.slice(match[0].length);
        return match[0].trimEnd().replaceAll("\r\n", "\n");
      }
      if (this.isClosed) return "closed";
      await new Promise<void>((resolve) => {
        this.waiting = resolve;
      });
    }
  }

  async ask(command: string): Promise<string> {
    this.send(`${command}\r\n`);
    return this.reply();
  }

  /** Greeting, EHLO and, unless told otherwise, the login. */
  async begin(user: string | null = "alice"): Promise<this> {
    await this.reply();
    await this.ask("EHLO client.test");
    if (user !== null) await this.ask(`AUTH PLAIN ${plain(user, "right")}`);
    return this;
  }

  close(): void {
    this.socket.destroy();
  }
}

export function plain(user: string, password: string, actFor = ""): string {
  return Buffer.from(`${actFor}\0${user}\0${password}`).toString("base64");
}
