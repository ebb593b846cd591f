import type { ImapFlow } from "imapflow";
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

export interface ImapTransportOptions {
  readonly server: ServerAddress;
  readonly login: Login;
  /** The mailbox, with the server's own delimiter; made when it is missing. */
  readonly folder: string;
  readonly connectTimeout: number;
  /** Milliseconds without an octet from the server. */
  readonly replyTimeout: number;
}

/** Mails with one Message-ID that are looked at. */
const MOST_COMPARED = 20;

/** To a folder of an account on another IMAP server, by imapflow. One connection a mail. */
export function createImapTransport(options: ImapTransportOptions): Transport {
  return { deliver: (mail, signal) => deliver(options, mail, signal) };
}

async function deliver(
  options: ImapTransportOptions,
  mail: OutboundMail,
  signal: AbortSignal,
): Promise<Receipt> {
  const { host, port, tls, authorities } = options.server;
  const { username, password } = options.login;
  // Only now: loading it takes as long as a third of the whole program, and most never deliver by IMAP.
  const { ImapFlow } = await import("imapflow");
  const client = new ImapFlow({
    host,
    port,
    secure: tls === "implicit",
    ...(tls === "implicit" ? {} : { doSTARTTLS: tls === "starttls" }),
    ...(authorities === null ? {} : { tls: { ca: authorities } }),
    auth: { user: username, pass: readSecret(password) },
    logger: false,
    disableAutoIdle: true,
    connectionTimeout: options.connectTimeout,
    greetingTimeout: options.connectTimeout,
    socketTimeout: options.replyTimeout,
  });
  client.on("error", () => client.close());
  const release = onAbort(signal, () => client.close());
  try {
    await client.connect();
    const isThere = mail.attempt > 1 && (await holds(client, options.folder, mail));
    if (!isThere) await append(client, options.folder, mail);
    // Taken is taken, however the session ends.
    await client.logout().catch(() => {});
    return { reports: "nobody" };
  } catch (error) {
    throw explain(error);
  } finally {
    release();
    client.close();
  }
}

/** Whether an earlier attempt, of which no answer was heard, has brought it there. */
async function holds(client: ImapFlow, folder: string, mail: OutboundMail): Promise<boolean> {
  if (mail.messageId === "") return false;
  try {
    await client.mailboxOpen(folder, { readOnly: true });
  } catch (error) {
    if (isRefusal(error)) return false;
    throw error;
  }
  const found = await client.search({ header: { "Message-ID": `<${mail.messageId}>` } });
  if (!Array.isArray(found) || found.length === 0) return false;
  // Message-IDs are the senders' to choose: another mail with the same one must not stand for this one.
  const header = headerOf(mail.bytes);
  for await (const { headers } of client.fetch(found.slice(-MOST_COMPARED), { headers: true }))
    if (headers !== undefined && headerOf(headers) === header) return true;
  return false;
}

/** Up to the blank line, without what a server might put behind it. */
function headerOf(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString("latin1");
  const end = text.indexOf("\r\n\r\n");
  return (end < 0 ? text : text.slice(0, end)).trimEnd();
}

async function append(client: ImapFlow, folder: string, mail: OutboundMail): Promise<void> {
  const content = Buffer.from(mail.bytes);
  try {
    check(await client.append(folder, content));
  } catch (error) {
    if (!isMissing(error)) throw error;
    await client.mailboxCreate(folder);
    check(await client.append(folder, content));
  }
}

/** imapflow answers `false` where it could not ask. */
function check(appended: unknown): void {
  if (appended) return;
  throw new TransportError("the server was left before it took the mail", {
    lasting: "temporary",
    about: "target",
  });
}

interface ImapFailure {
  readonly message: string;
  readonly responseStatus?: string;
  readonly responseText?: string;
  readonly serverResponseCode?: string;
  readonly authenticationFailed?: boolean;
}

/** The server has answered NO or BAD. */
function isRefusal(error: unknown): boolean {
  return ["NO", "BAD"].includes((error as ImapFailure).responseStatus ?? "");
}

function isMissing(error: unknown): boolean {
  return (error as ImapFailure).serverResponseCode === "TRYCREATE";
}

/** Nothing that an IMAP server refuses is refused for ever but a mail that it finds too large: quotas, passwords and folders can be mended. */
function explain(error: unknown): TransportError {
  if ((error as Error).name === "TransportError") return error as TransportError;
  const { message, responseText, serverResponseCode, authenticationFailed } = error as ImapFailure;
  const isTooLarge = serverResponseCode === "TOOBIG" || serverResponseCode === "LIMIT";
  const text = authenticationFailed ? `the login was refused: ${responseText ?? message}` : responseText;
  return new TransportError(oneLine(text ?? message), {
    lasting: isTooLarge ? "permanent" : "temporary",
    about: isRefusal(error) && !authenticationFailed ? "mail" : "target",
  });
}
