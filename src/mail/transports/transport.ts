/** Ways by which a mail is handed to another mail system. Each knows its own target and nothing of where the mail comes from. */

export interface OutboundMail {
  /** The same at each attempt, so that a receiver can tell a repetition. */
  readonly id: string;
  /** 1 for the first. From 2 on, the target may have the mail already. */
  readonly attempt: number;
  /** Mail address; empty for the null sender. */
  readonly sender: string;
  readonly recipient: string;
  readonly subject: string;
  /** Without angle brackets. */
  readonly messageId: string;
  /** Lines end with CR LF. */
  readonly bytes: Uint8Array;
  /** What the sender wishes to be told (RFC 3461); not given on where the target cannot. */
  readonly notification: Notification | null;
}

export interface Notification {
  readonly ret: "FULL" | "HDRS";
  readonly envid: string | null;
  readonly notify: readonly string[] | null;
  readonly orcpt: string | null;
}

/** Who reports from now on: `target` when it promised to tell the sender what becomes of the mail. */
export interface Receipt {
  readonly reports: "target" | "nobody";
}

export interface Transport {
  /**
   * Resolves when the target has taken the mail. Ends soon when the signal is given; the target may have it then or not.
   * @throws TransportError
   */
  deliver(mail: OutboundMail, signal: AbortSignal): Promise<Receipt>;
}

export interface TransportFailure {
  /** `temporary`: the same attempt may succeed later. */
  readonly lasting: "temporary" | "permanent";
  /** `target`: no other mail would have fared better; `mail`: it is about this one. */
  readonly about: "mail" | "target";
  /** Enhanced status code (RFC 3463), where one is known. */
  readonly status?: string;
}

/** A mail was not taken. The text may be shown to people: it holds no passwords and nothing of the mail. */
export class TransportError extends Error {
  readonly lasting: TransportFailure["lasting"];
  readonly about: TransportFailure["about"];
  readonly status: string | null;

  constructor(text: string, failure: TransportFailure) {
    super(text);
    this.name = "TransportError";
    this.lasting = failure.lasting;
    this.about = failure.about;
    this.status = failure.status ?? null;
  }
}

/** Where a server is, and how the connection to it is protected. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  readonly tls: "off" | "starttls" | "implicit";
  /** PEM of the authorities that are trusted beside the system's, or null. */
  readonly authorities: string | null;
}

/** A name and how to get the password, which is read anew for each connection and never kept. */
export interface Login {
  readonly username: string;
  readonly password: () => string;
}

/** The password of a login or secret that is missing can be put there: no mail is given up for it. @throws TransportError */
export function readSecret(read: () => string): string {
  try {
    return read();
  } catch (error) {
    throw new TransportError(oneLine((error as Error).message), { lasting: "temporary", about: "target" });
  }
}

/** What a server or program said, on one line of at most 300 characters. */
export function oneLine(text: string): string {
  const line = text.replace(/[\p{C}\s]+/gu, " ").trim();
  return line.length <= 300 ? line : `${line.slice(0, 299)}…`;
}

/** Calls `stop` when the signal is given; returns how to end that. */
export function onAbort(signal: AbortSignal, stop: () => void): () => void {
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop, { once: true });
  return () => signal.removeEventListener("abort", stop);
}
