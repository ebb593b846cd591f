import MimeNode from "nodemailer/lib/mime-node";
import type { ReceivedMessage } from "../../bitmessage/messaging/types.js";
import { concatBytes } from "../../bitmessage/protocol/bytes.js";
import { type ContentFile, Encoding } from "../../bitmessage/protocol/content.js";
import { formatDate, parseDate } from "../../mail/mime/date.js";
import type { AddressBook } from "../addresses.js";
import { readAutoSubmitted } from "../automatic-mail.js";
import { filePart, MOST_FILES } from "../forms/file-parts.js";
import { harmlessBody, harmlessLine, subjectLine } from "../forms/harmless.js";
import { readInlineFiles } from "../forms/inline-files.js";
import { writeMessageIds } from "../forms/message-ids.js";
import { rebuildOriginal } from "../forms/original.js";
import { listAuthor } from "./mailing-list-form.js";

/** Where a mail stands among others. Message-IDs without angle brackets. */
export interface MailThread {
  readonly messageId: string;
  readonly inReplyTo: readonly string[];
  /** Oldest first. */
  readonly references: readonly string[];
}

export interface IncomingContext {
  /** Whose mail it is. */
  readonly user: string;
  readonly addresses: AddressBook;
  readonly domain: string;
  readonly thread: MailThread;
}

/** The text of a message and what belongs to it; an unknown encoding explained. */
export interface ReadContent {
  readonly subject: string;
  readonly body: string;
  readonly files: readonly ContentFile[];
  readonly headers: Readonly<Record<string, string>>;
}

const LONGEST_SUBJECT = 500;
const encodingNames: Readonly<Record<number, string>> = {
  [Encoding.trivial]: "trivial",
  [Encoding.simple]: "simple",
  [Encoding.extended]: "extended",
};

/** What a message says, with a harmless subject; files that stand in its text taken out of it. */
export function readContent(message: ReceivedMessage): ReadContent {
  const { content, encoding } = message;
  if (content.kind === "text") {
    const { body, files } = readInlineFiles(content.body);
    return {
      subject: subjectLine(content.subject, LONGEST_SUBJECT),
      body,
      files: [...content.files, ...files].slice(0, MOST_FILES),
      headers: content.headers,
    };
  }
  const body =
    `This message is written in an encoding that this software does not know (number ${encoding}).\n` +
    "What was received is attached as it is.\n";
  const type = "application/octet-stream";
  const file: ContentFile = { name: "message.bin", data: content.raw, type, disposition: "attachment" };
  return { subject: `Message in an unknown encoding (${encoding})`, body, files: [file], headers: {} };
}

/**
 * The mail that a message becomes (MAIL-MAPPING section 4). The same message makes the same octets. Whatever the message holds, the
 * mail is well-formed. Where the message holds the sender's MIME entity, that stands behind our header as it is.
 */
export async function composeIncoming(
  message: ReceivedMessage,
  context: IncomingContext,
): Promise<Uint8Array> {
  const content = readContent(message);
  const original = readOriginal(message);
  if (original !== null) {
    const header = createRoot(message);
    setHeaders(header, message, content, context);
    return concatBytes(new TextEncoder().encode(`${header.buildHeaders()}\r\n`), original);
  }
  const root = createRoot(message, content.files.length > 0 ? "multipart/mixed" : "text/plain");
  setHeaders(root, message, content, context);
  if (content.files.length === 0) setText(root, content.body);
  else {
    setText(root.createChild("text/plain"), content.body);
    for (const [index, file] of content.files.entries()) root.appendChild(filePart(file, index + 1));
  }
  const built = await root.build();
  return new Uint8Array(built.buffer, built.byteOffset, built.byteLength);
}

function readOriginal({ content }: ReceivedMessage): Uint8Array | null {
  if (content.kind !== "text" || content.original === undefined) return null;
  return rebuildOriginal(content.original, content.files);
}

/** The boundary cannot be known to who wrote the message: it comes from the hash over all of it. */
function createRoot(message: ReceivedMessage, type?: string): MimeNode {
  return new MimeNode(type, {
    baseBoundary: message.hash.slice(0, 40),
    newline: "win",
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

/** ASCII in short lines as it is, all other text as quoted-printable. */
function setText(node: MimeNode, body: string): void {
  const text = harmlessBody(body);
  const isPlain = /^[\t\x20-\x7e\r\n]*$/.test(text) && !/[^\r\n]{77}/.test(text);
  node.setHeader("Content-Type", `text/plain; charset=${isPlain ? "us-ascii" : "utf-8"}`);
  if (!isPlain) node.setHeader("Content-Transfer-Encoding", "quoted-printable");
  node.setContent(isPlain ? text : Buffer.from(text, "utf8"));
}

function setHeaders(
  root: MimeNode,
  message: ReceivedMessage,
  content: ReadContent,
  context: IncomingContext,
): void {
  const { thread, addresses, user } = context;
  const mailbox = (address: ReceivedMessage["from"]) => {
    const name = addresses.labelOf(user, address);
    return { address: addresses.mailAddress(address), ...(name === null ? {} : { name }) };
  };
  const author = message.kind === "broadcast" ? listAuthor(content.body) : null;
  // The list's signature is what is proven; whom it names is the list's word alone.
  if (author === null) root.setHeader("From", mailbox(message.from));
  else {
    const [writer, list] = [author, message.from].map((one) => addresses.labelOf(user, one) ?? one);
    root.setHeader("From", { name: `${writer} via ${list}`, address: addresses.mailAddress(message.from) });
    setPrepared(root, "X-Bitmessage-Claimed-From", `<${addresses.mailAddress(author)}>`);
  }
  root.setHeader("To", mailbox(message.to));
  if (message.chan) root.setHeader("Reply-To", mailbox(message.to));
  root.setHeader("Subject", content.subject);
  root.setHeader("Date", formatDate(message.received, 0));
  setPrepared(root, "Message-ID", writeMessageIds([thread.messageId]));
  if (thread.inReplyTo.length > 0)
    setPrepared(root, "In-Reply-To", writeMessageIds(thread.inReplyTo).replaceAll("> <", ">\r\n <"));
  if (thread.references.length > 0) root.setHeader("References", writeMessageIds(thread.references));
  const autoSubmitted = readAutoSubmitted(content.headers["auto-submitted"] ?? null);
  if (autoSubmitted !== null) setPrepared(root, "Auto-Submitted", autoSubmitted);
  const claimed = parseDate(content.headers["date"] ?? "");
  if (claimed !== null) setPrepared(root, "X-Bitmessage-Claimed-Date", formatDate(claimed.seconds, 0));
  const answers = message.chan || author !== null ? "for all" : "for nobody";
  if (message.chan || message.kind === "broadcast") setListHeaders(root, message, context, answers);
  setPrepared(root, "X-Bitmessage-Encoding", encodingNames[message.encoding] ?? String(message.encoding));
  setPrepared(root, "X-Bitmessage-Hash", message.hash);
  // Not known of messages that another program received.
  if (message.expires > 0) setPrepared(root, "X-Bitmessage-Expires", formatDate(message.expires, 0));
  setPrepared(root, "MIME-Version", "1.0");
}

/** RFC 2369, RFC 2919. */
function setListHeaders(
  root: MimeNode,
  message: ReceivedMessage,
  context: IncomingContext,
  answers: "for all" | "for nobody",
): void {
  const { addresses, user, domain } = context;
  // Only what a quoted string holds without escapes (RFC 5322 section 3.2.4).
  const label = (addresses.labelOf(user, message.to) ?? "").replace(/[^ !#-[\]-~]/g, "");
  const phrase = harmlessLine(label, 60) === "" ? "" : `"${harmlessLine(label, 60)}" `;
  setPrepared(root, "List-Id", `${phrase}<${message.to}.${domain}>`);
  // For responders that know nothing of List-Id.
  setPrepared(root, "Precedence", "list");
  const post = `<mailto:${addresses.mailAddress(message.to)}>`;
  setPrepared(root, "List-Post", answers === "for all" ? post : "NO");
  const command = message.chan ? "leave" : "unsubscribe";
  setPrepared(root, "List-Unsubscribe", `<mailto:bridge@${domain}?subject=${command}%20${message.to}>`);
}

/** A value of ours, or checked by us, which must stand as it is. */
function setPrepared(node: MimeNode, name: string, value: string): void {
  node.setHeader(name, { prepared: true, value });
}
