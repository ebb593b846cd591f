/** Plays an input to a session of the server, without a network: what comes out is checked, and that nothing is left behind. */
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { connect as connectTls, createSecureContext, type SecureContext, type TLSSocket } from "node:tls";
import { silentLogger } from "../../src/logger.js";
import type { Backend, MailboxListener, UserMail } from "../../src/mail/imap/backend.js";
import { Connection } from "../../src/mail/imap/connection.js";
import { defaultLimits } from "../../src/mail/imap/limits.js";
import { MemoryBackend } from "../../src/mail/imap/memory-backend.js";
import type { SessionRegistry } from "../../src/mail/imap/session.js";
import type { ImapSettings } from "../../src/mail/imap/settings.js";
import { type Pipe, pipe } from "./pipe.js";

export const STATES = {
  "not authenticated": "",
  authenticated: "s1 LOGIN alice secret\r\n",
  selected: "s1 LOGIN alice secret\r\ns2 SELECT INBOX\r\n",
  "selected, with extensions on":
    "s1 LOGIN alice secret\r\ns2 ENABLE CONDSTORE QRESYNC IMAP4rev2 UTF8=ACCEPT\r\ns3 SELECT INBOX\r\n",
  "idle, without a mailbox": "s1 LOGIN alice secret\r\ns2 IDLE\r\n",
  idle: "s1 LOGIN alice secret\r\ns2 SELECT INBOX\r\ns3 IDLE\r\n",
  "in the middle of a literal":
    "s1 LOGIN alice secret\r\ns2 APPEND INBOX (\\Seen) {40+}\r\nSubject: x\r\n\r\n",
  "asked for a literal": "s1 LOGIN {5}\r\n",
  "asked for a response": "s1 AUTHENTICATE PLAIN\r\n",
} as const;
export type State = keyof typeof STATES;

/** A session that takes longer hangs. */
const DEADLINE = 10_000;

/** A backend that counts what was opened and not closed. */
class CountingBackend implements Backend {
  open = 0;
  readonly #inner = new MemoryBackend({ users: { alice: "secret" }, now: () => 1_700_000_000 });

  authenticate = this.#inner.authenticate.bind(this.#inner);

  async openUser(user: { readonly name: string }): Promise<UserMail> {
    const mail = await this.#inner.openUser(user);
    this.open += 1;
    const close = mail.close.bind(mail);
    let closed = false;
    mail.close = () => {
      if (!closed) this.open -= 1;
      closed = true;
      close();
    };
    const openMailbox = mail.openMailbox.bind(mail);
    mail.openMailbox = async (name, listener: MailboxListener, access) => {
      const mailbox = await openMailbox(name, listener, access);
      if (!mailbox) return null;
      this.open += 1;
      const leave = mailbox.close.bind(mailbox);
      let left = false;
      mailbox.close = () => {
        if (!left) this.open -= 1;
        left = true;
        leave();
      };
      return mailbox;
    };
    return mail;
  }
}

export interface TlsMaterial {
  readonly key: string;
  readonly cert: string;
}

export class SessionTarget {
  readonly errors: unknown[] = [];
  readonly #settings: ImapSettings;
  readonly #tls: TlsMaterial | null;
  readonly #context: SecureContext | null;
  readonly #counts = new Map<string, number>();
  readonly #registry: SessionRegistry;
  readonly #backend = new CountingBackend();

  constructor(tls: TlsMaterial | null) {
    const logger = {
      ...silentLogger,
      error: (text: string, fields?: unknown) => this.errors.push([text, fields]),
      child: () => logger,
    };
    this.#tls = tls;
    this.#context = tls ? createSecureContext(tls) : null;
    this.#settings = {
      backend: this.#backend,
      tls: { mode: "off" },
      requireTls: false,
      logger,
      limits: {
        ...defaultLimits,
        line: 64 * 1024,
        literals: 64 * 1024,
        lineBeforeLogin: 8 * 1024,
      },
      appendLimit: 10_000,
      id: {},
      explain: () => null,
      alert: () => null,
      withoutCapabilities: new Set(),
    };
    this.#registry = {
      enter: (user) => {
        this.#counts.set(user, (this.#counts.get(user) ?? 0) + 1);
        return true;
      },
      leave: (user) => void this.#counts.set(user, (this.#counts.get(user) ?? 0) - 1),
    };
  }

  /** Messages to work with. */
  async fill(): Promise<void> {
    const mime =
      "From: A <a@b>\r\nTo: g:c@d,e@f;\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nDate: 1 Jan 2020 10:00:00 +0100\r\nMessage-ID: <1@x>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Transfer-Encoding: base64\r\n\r\neMO8\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\nReferences: <1@x>\r\n\r\nx\r\n--b--\r\n";
    for (const text of [
      mime,
      "Subject: Re: x\r\nIn-Reply-To: <1@x>\r\n\r\nbody \xff\r\n",
      "no header at all",
      mime,
    ])
      await this.run("authenticated", [`f APPEND INBOX (\\Seen kw) {${text.length}+}\r\n${text}\r\n`]);
  }

  /** Throws with what is wrong. */
  async run(state: State, pieces: readonly string[]): Promise<string> {
    const [near, far] = pipe("alone");
    let output = "";
    far.on("data", (chunk: Buffer) => {
      output += chunk.toString("latin1");
    });
    const served = this.#serve(near, this.#settings);
    far.write(STATES[state], "latin1");
    for (const piece of pieces) far.write(piece, "latin1");
    far.end();
    await served;
    near.destroy();
    far.destroy();
    this.#check(output);
    return output;
  }

  /** The same after STARTTLS, over a real connection; `pieces` are encrypted, or come instead of the handshake. */
  async runAfterStartTls(state: State, pieces: readonly string[], how: "encrypted" | "clear"): Promise<void> {
    const server = createServer({ allowHalfOpen: true });
    const accepted = new Promise<Socket>((resolve) => server.once("connection", resolve));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const far = connect((server.address() as AddressInfo).port, "127.0.0.1");
    far.on("error", () => {});
    const near = await accepted;
    server.close();
    const served = this.#serve(near, { ...this.#settings, tls: { mode: "starttls", ...this.#tls! } });
    await askForTls(far);
    const stream = how === "clear" ? far : await shakeHands(far);
    let output = "";
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString("latin1");
    });
    const ended = new Promise((resolve) => stream.once("close", resolve));
    if (how === "encrypted") stream.write(STATES[state], "latin1");
    for (const piece of pieces) stream.write(piece, "latin1");
    stream.end();
    await served;
    await ended;
    near.destroy();
    far.destroy();
    // In the clear nothing but a TLS alert may come.
    this.#check(how === "clear" ? "" : output);
  }

  #serve(near: Pipe | Socket, settings: ImapSettings): Promise<void> {
    // As much of a socket as the connection makes use of.
    const connection = new Connection(near as never, settings, this.#registry, this.#context);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("the session hangs")), DEADLINE);
      void connection.serve().then(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #check(output: string): void {
    if (this.errors.length > 0) throw new Error(`logged: ${describeErrors(this.errors)}`);
    for (const [user, count] of this.#counts)
      if (count !== 0) throw new Error(`${count} sessions of ${user} left`);
    if (this.#backend.open !== 0) throw new Error(`${this.#backend.open} mailboxes or users left open`);
    checkResponses(output);
  }
}

async function askForTls(socket: Socket): Promise<void> {
  let text = "";
  await new Promise<void>((resolve) => {
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      if (/^t OK/m.test(text)) resolve();
    });
    socket.write("t STARTTLS\r\n", "latin1");
  });
  socket.removeAllListeners("data");
}

async function shakeHands(socket: Socket): Promise<TLSSocket> {
  const tls = connectTls({ socket, rejectUnauthorized: false });
  tls.on("error", () => {});
  await new Promise((resolve) => tls.once("secureConnect", resolve));
  return tls;
}

function describeErrors(errors: readonly unknown[]): string {
  return JSON.stringify(errors, (_key, value) => (value instanceof Error ? value.stack : value));
}

/** Lines with their literals, each one a response of RFC 9051 section 7 from afar. The last may be cut short by the end of the connection. */
export function checkResponses(output: string): void {
  for (let place = 0; place < output.length; ) {
    const start = place;
    for (;;) {
      const end = output.indexOf("\r\n", place);
      if (end < 0) throw new Error(`no line end in ${JSON.stringify(output.slice(start, start + 200))}`);
      const marker = /~?\{(\d+)\}$/.exec(output.slice(Math.max(place, end - 25), end));
      place = end + 2 + (marker ? Number(marker[1]) : 0);
      if (!marker) break;
    }
    const response = output.slice(start, place);
    if (!/^(\* |\+ |[^\x00-\x20\x7f-\xff(){%*"\\+]+ (OK|NO|BAD) )/.test(response))
      throw new Error(`not a response: ${JSON.stringify(response.slice(0, 200))}`);
  }
}
