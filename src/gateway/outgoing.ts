import {
  type ContentFile,
  decodeContent,
  Encoding,
  encodeExtended,
  encodeSimple,
  encodeTrivial,
} from "../bitmessage/protocol/content.js";
import { ProtocolError } from "../bitmessage/protocol/errors.js";
import { flattenAddresses, parseAddressList } from "../mail/mime/address.js";
import { decodeEncodedWords, findField, findFields, unfold } from "../mail/mime/headers.js";
import { type MimePart, parseMime } from "../mail/mime/parse.js";
import { SmtpError } from "../mail/smtp/error.js";
import { type ControlFields, readControlFields } from "./control-fields.js";
import { subjectLine } from "./harmless.js";
import { readMessageId, readMessageIds, writeMessageIds } from "./message-ids.js";
import { readParts } from "./outgoing-parts.js";

/** What of a mail goes over the network, and what decides how. */
export interface OutgoingMail {
  /** The mail addresses of its From field. */
  readonly from: readonly string[];
  /** The mail addresses of To, Cc and Bcc. They stay on this machine. */
  readonly named: readonly string[];
  /** One line, at most 500 characters. */
  readonly subject: string;
  /** LF line ends. */
  readonly body: string;
  readonly files: readonly ContentFile[];
  /** Without angle brackets; null when it has none that can be used. */
  readonly messageId: string | null;
  readonly inReplyTo: readonly string[];
  /** Oldest first. */
  readonly references: readonly string[];
  /** The value of Auto-Submitted in lower case when it is not `no`, else null. */
  readonly autoSubmitted: string | null;
  readonly control: ControlFields;
}

const LONGEST_SUBJECT = 500;
const LONGEST_FIELD = 100_000;

/**
 * Reads a submitted mail (MAIL-MAPPING section 3).
 * @param now Unix seconds
 * @throws SmtpError 550 for what cannot be carried and for a control field that cannot be read
 */
export function readOutgoing(bytes: Uint8Array, now: number): OutgoingMail {
  const root = parseMime(bytes);
  const field = (name: string) => fieldValue(root, name);
  const inReplyTo = readMessageIds(field("in-reply-to") ?? "");
  const references = readMessageIds(field("references") ?? "");
  return {
    from: findFields(root, "from").flatMap(({ value }) =>
      mailAddresses(unfold(value.slice(0, LONGEST_FIELD))),
    ),
    named: ["to", "cc", "bcc"].flatMap((name) => mailAddresses(field(name))),
    subject: subjectLine(decodeEncodedWords(field("subject") ?? ""), LONGEST_SUBJECT),
    ...readParts(bytes, root),
    messageId: readMessageId(field("message-id") ?? ""),
    inReplyTo,
    references: references.length > 0 ? references : inReplyTo.slice(0, 1),
    autoSubmitted: readAutoSubmitted(field("auto-submitted")),
    control: readControlFields(field, now),
  };
}

function fieldValue(root: MimePart, name: string): string | null {
  const value = findField(root, name)?.value;
  return value === undefined ? null : unfold(value.slice(0, LONGEST_FIELD));
}

function mailAddresses(value: string | null): string[] {
  return flattenAddresses(parseAddressList(value ?? ""))
    .filter((mailbox) => mailbox.local !== "")
    .map((mailbox) => (mailbox.domain === null ? mailbox.local : `${mailbox.local}@${mailbox.domain}`));
}

/** RFC 3834 section 5. */
export function readAutoSubmitted(value: string | null): string | null {
  const word = /^\s*(auto-(?:generated|replied|notified))(?![\w-])/i.exec(value ?? "")?.[1];
  return word?.toLowerCase() ?? null;
}

/** How a mail is written into a message. */
export interface EncodingOptions {
  readonly messageId: string;
  /** Inventory vectors of the messages that it answers. */
  readonly parents: readonly Uint8Array[];
  readonly threadHeaders: "on" | "off";
}

/**
 * The content of the message that a mail becomes.
 * @throws SmtpError 550 5.6.1 when the encoding that its header asks for cannot hold it
 */
export function encodeOutgoing(
  mail: OutgoingMail,
  options: EncodingOptions,
): { readonly encoding: number; readonly content: Uint8Array } {
  const { subject, body, files } = mail;
  const encoding = chooseEncoding(mail);
  if (encoding === Encoding.trivial) return { encoding, content: encodeTrivial({ body }) };
  const headers = carriedHeaders(mail, options);
  if (encoding === Encoding.simple) return { encoding, content: encodeSimple({ subject, body, headers }) };
  const content = encodeExtended({ subject, body, files, parents: options.parents, headers });
  checkReadable(content);
  return { encoding, content };
}

/** What is squeezed well may fit into an object and yet be more than any recipient unpacks. */
function checkReadable(content: Uint8Array): void {
  try {
    decodeContent(Encoding.extended, content);
  } catch (error) {
    if (!(error instanceof ProtocolError) || error.code !== "too_large_inflated") throw error;
    const text = "Text and attachments have more than 1048576 octets, which recipients do not unpack";
    throw new SmtpError(552, "5.3.4", text);
  }
}

function chooseEncoding(mail: OutgoingMail): number {
  const wanted = mail.control.encoding;
  if (wanted === null) return mail.files.length > 0 ? Encoding.extended : Encoding.simple;
  if (mail.files.length > 0 && wanted !== Encoding.extended) {
    const text =
      "X-Bitmessage-Encoding asks for an encoding that holds no attachments; use extended, or leave it out";
    throw new SmtpError(550, "5.6.1", text);
  }
  return wanted;
}

function carriedHeaders(mail: OutgoingMail, options: EncodingOptions): Record<string, string> {
  const headers: Record<string, string> = {};
  if (options.threadHeaders === "on") {
    headers["Message-ID"] = writeMessageIds([options.messageId]);
    if (mail.inReplyTo.length > 0) headers["In-Reply-To"] = writeMessageIds(mail.inReplyTo.slice(0, 5));
    if (mail.references.length > 0) headers["References"] = writeMessageIds(mail.references);
  }
  if (mail.autoSubmitted !== null) headers["Auto-Submitted"] = mail.autoSubmitted;
  return headers;
}
