import { connect, type Socket } from "node:net";
import SMTPConnection from "nodemailer/lib/smtp-connection";
import {
  type Login,
  type OutboundMail,
  onAbort,
  oneLine,
  type Receipt,
  readSecret,
  type ServerAddress,
  type Transport,
  TransportError,
} from "./transport.js";

export interface SmtpTransportOptions {
  readonly protocol: "smtp" | "lmtp";
  /** A path: the Unix socket that the server listens on. */
  readonly server: ServerAddress | { readonly path: string };
  readonly login: Login | null;
  /** How we name ourselves. */
  readonly name: string;
  /** Mail address in the envelope of every mail, empty for the null sender; null: each mail's own sender. */
  readonly sender: string | null;
  /** Milliseconds to wait for the connection and for the greeting. */
  readonly connectTimeout: number;
  /** Milliseconds to wait for any other reply (RFC 5321 section 4.5.3.2). */
  readonly replyTimeout: number;
}

/** To a server that speaks SMTP (RFC 5321) or LMTP (RFC 2033), by nodemailer. One connection a mail. */
export function createSmtpTransport(options: SmtpTransportOptions): Transport {
  return { deliver: (mail, signal) => deliver(options, mail, signal) };
}

async function deliver(
  options: SmtpTransportOptions,
  mail: OutboundMail,
  signal: AbortSignal,
): Promise<Receipt> {
  const session = new Session(options, await openSocket(options));
  const release = onAbort(signal, () => session.close());
  try {
    await session.open();
    if (options.login !== null) await session.login(options.login);
    const info = await session.send(mail);
    const speaksDsn = (info.ehlo ?? []).some((line) => /^DSN\b/i.test(line));
    session.quit();
    return { reports: speaksDsn && mail.notification !== null ? "target" : "nobody" };
  } catch (error) {
    session.close();
    throw explain(error);
  } finally {
    release();
  }
}

/** nodemailer knows no Unix sockets; it takes a connection that is open. */
function openSocket({ server, connectTimeout }: SmtpTransportOptions): Promise<Socket | null> {
  if (!("path" in server)) return Promise.resolve(null);
  return new Promise((resolve, reject) => {
    const socket = connect(server.path);
    socket.setTimeout(connectTimeout, () => socket.destroy(new Error("connection timed out")));
    socket.once("error", (error) => reject(explain(error)));
    socket.once("connect", () => {
      socket.setTimeout(0);
      socket.removeAllListeners("error");
      resolve(socket);
    });
  });
}

/** nodemailer's connection with promises. Its errors come by the callback or by the event. */
class Session {
  readonly #connection: SMTPConnection;
  #fail: (error: Error) => void = () => {};

  constructor(
    private readonly options: SmtpTransportOptions,
    socket: Socket | null,
  ) {
    const { server, protocol, name, connectTimeout, replyTimeout } = options;
    this.#connection = new SMTPConnection({
      name,
      lmtp: protocol === "lmtp",
      connectionTimeout: connectTimeout,
      greetingTimeout: connectTimeout,
      socketTimeout: replyTimeout,
      logger: false,
      ...(socket === null ? {} : { connection: socket, ignoreTLS: true }),
      ...("path" in server ? {} : protection(server)),
    });
    this.#connection.on("error", (error: Error) => this.#fail(error));
    this.#connection.on("end", () => this.#fail(new Error("the server closed the connection")));
  }

  open(): Promise<void> {
    return this.#wait((done) => this.#connection.connect((error) => done(error ?? null, undefined)));
  }

  login({ username, password }: Login): Promise<unknown> {
    return this.#wait((done) => {
      const credentials = { user: username, pass: readSecret(password) };
      this.#connection.login({ credentials }, (error) => done(error, undefined));
    });
  }

  send(mail: OutboundMail): Promise<{ readonly ehlo?: string[] | undefined }> {
    const envelope = {
      from: (this.options.sender ?? mail.sender) || (false as const),
      to: [mail.recipient],
      size: mail.bytes.length,
      use8BitMime: mail.bytes.some((octet) => octet > 127),
      ...dsnOf(mail),
    };
    return this.#wait((done) =>
      this.#connection.send(envelope, Buffer.from(mail.bytes), (error, info) => {
        // What an LMTP server refuses after DATA is no error to nodemailer.
        const refused = info?.rejectedErrors?.[0] ?? null;
        done(error ?? refused, info ?? {});
      }),
    );
  }

  /** Polite; nobody waits for it. */
  quit(): void {
    this.#fail = () => {};
    this.#connection.quit();
  }

  close(): void {
    this.#connection.close();
    this.#fail(new Error("the connection was closed"));
  }

  #wait<T>(ask: (done: (error: Error | null, value: T) => void) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#fail = reject;
      ask((error, value) => (error ? reject(error) : resolve(value)));
    });
  }
}

function protection(server: ServerAddress) {
  const { host, port, tls, authorities } = server;
  return {
    host,
    port,
    secure: tls === "implicit",
    ...(tls === "starttls" ? { requireTLS: true } : {}),
    ...(tls === "off" ? { ignoreTLS: true } : {}),
    ...(authorities === null ? {} : { tls: { ca: authorities } }),
  };
}

function dsnOf({ notification }: OutboundMail) {
  if (notification === null) return {};
  const { ret, envid, notify, orcpt } = notification;
  const wishes = notify === null ? {} : { notify: [...notify] };
  return {
    dsn: { ret, ...(envid === null ? {} : { envid }), ...wishes, ...(orcpt === null ? {} : { orcpt }) },
  };
}

interface SmtpFailure {
  readonly responseCode?: number;
  readonly response?: string;
  readonly code?: string;
  readonly command?: string;
  readonly message: string;
}

/**
 * A refusal of the mail or its recipient counts for that mail; what happens before counts for the target. A wrong password or a
 * certificate that is not trusted can be mended, so no mail is given up for it.
 */
function explain(error: unknown): TransportError {
  if ((error as Error).name === "TransportError") return error as TransportError;
  const failure = error as SmtpFailure;
  const { responseCode = 0, response, command = "", code, message } = failure;
  const isAboutMail = ["MAIL FROM", "RCPT TO", "DATA", "API"].includes(command) && code !== "ECONNECTION";
  const refused = responseCode >= 500 || code === "EENVELOPE" || code === "EMESSAGE";
  const isPermanent = isAboutMail && refused && !(responseCode >= 400 && responseCode < 500);
  const status = /^\d{3}[ -]([45]\.\d{1,3}\.\d{1,3})\b/.exec(response ?? "")?.[1];
  return new TransportError(oneLine(response ?? message), {
    lasting: isPermanent ? "permanent" : "temporary",
    about: isAboutMail && (responseCode > 0 || isPermanent) && responseCode !== 421 ? "mail" : "target",
    ...(status === undefined ? {} : { status }),
  });
}
