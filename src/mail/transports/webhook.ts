import { createHmac } from "node:crypto";
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import {
  type OutboundMail,
  oneLine,
  type Receipt,
  readSecret,
  type Transport,
  TransportError,
} from "./transport.js";

export interface WebhookTransportOptions {
  readonly url: URL;
  /** `rfc822`: the body is the mail; `json`: a document that holds it in base64. */
  readonly format: "rfc822" | "json";
  /** The shared secret that signs each request; null: not signed. */
  readonly secret: (() => string) | null;
  /** Milliseconds from the first octet sent to the end of the answer. */
  readonly timeLimit: number;
  /** PEM of authorities that are trusted instead of the system's, or null. */
  readonly authorities: string | null;
  /** Unix seconds. */
  readonly clock: () => number;
}

/** Answers after which trying again is pointless: they are about this mail. Every other may come from a service that is being mended. */
const PERMANENT: ReadonlySet<number> = new Set([400, 410, 413, 415, 422]);
const KEPT_ANSWER = 2000;

/** To a web service: one POST a mail. An answer 2xx: it has taken it. Redirections are not followed. */
export function createWebhookTransport(options: WebhookTransportOptions): Transport {
  return { deliver: (mail, signal) => post(options, mail, signal) };
}

/**
 * `t=SECONDS,v1=HEX`: HMAC-SHA256 with the secret over the seconds in decimal, a full stop and the body. The time is signed so that a
 * recorded request cannot be used for ever.
 */
function signBody(secret: string, seconds: number, body: Uint8Array): string {
  const digest = createHmac("sha256", secret).update(`${seconds}.`).update(body).digest("hex");
  return `t=${seconds},v1=${digest}`;
}

async function post(
  options: WebhookTransportOptions,
  mail: OutboundMail,
  signal: AbortSignal,
): Promise<Receipt> {
  const body = options.format === "rfc822" ? Buffer.from(mail.bytes) : document(mail);
  const headers: Record<string, string | number> = {
    "Content-Type": options.format === "rfc822" ? "message/rfc822" : "application/json",
    "Content-Length": body.length,
    "User-Agent": "bitmessage-bridge",
    "X-Delivery-Id": mail.id,
    "X-Delivery-Attempt": mail.attempt,
    "X-Delivery-Recipient": headerText(mail.recipient),
  };
  if (options.secret !== null)
    headers["X-Delivery-Signature"] = signBody(readSecret(options.secret), options.clock(), body);
  const { status, text } = await exchange(options, { headers, body, signal });
  if (status >= 200 && status < 300) return { reports: "nobody" };
  throw new TransportError(oneLine(`${options.url.host} answered ${status} ${text}`), {
    lasting: PERMANENT.has(status) ? "permanent" : "temporary",
    about: PERMANENT.has(status) ? "mail" : "target",
  });
}

function document(mail: OutboundMail): Buffer {
  const { id, attempt, sender, recipient, subject, messageId, bytes } = mail;
  const base64 = Buffer.from(bytes).toString("base64");
  return Buffer.from(
    JSON.stringify({ id, attempt, sender, recipient, subject, message_id: messageId, mail: base64 }),
  );
}

/** Octets that may stand in a field's value. */
function headerText(text: string): string {
  return text.replace(/[^ -~]/g, "?");
}

interface Exchange {
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body: Buffer;
  readonly signal: AbortSignal;
}

/** The status, and the beginning of what the service says. */
function exchange(
  { url, timeLimit, authorities }: WebhookTransportOptions,
  { headers, body, signal }: Exchange,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => reject(unreachable(url, error));
    const deadline = setTimeout(() => request.destroy(new Error("no answer in time")), timeLimit);
    const send = url.protocol === "https:" ? requestHttps : requestHttp;
    const trust = authorities === null ? {} : { ca: authorities };
    const request = send(url, { method: "POST", headers, signal, agent: false, ...trust }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        if (text.length < KEPT_ANSWER) text += chunk;
      });
      response.on("error", failed);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.on("error", failed);
    request.on("close", () => clearTimeout(deadline));
    request.end(body);
  });
}

function unreachable(url: URL, error: Error): TransportError {
  const { code } = error as NodeJS.ErrnoException;
  const text = `${url.host} cannot be reached: ${code ?? error.message}`;
  return new TransportError(oneLine(text), { lasting: "temporary", about: "target" });
}
