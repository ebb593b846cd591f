import {
  decodeContent,
  Encoding,
  encodeExtended,
  encodeSimple,
  encodeTrivial,
} from "../../bitmessage/protocol/content.js";
import { ProtocolError } from "../../bitmessage/protocol/errors.js";
import { MAX_SENT_OBJECT } from "../../bitmessage/protocol/object.js";
import { flattenAddresses, parseAddressList } from "../../mail/mime/address.js";
import { decodeEncodedWords, findField, findFields, unfold } from "../../mail/mime/headers.js";
import { type MimePart, parseMime } from "../../mail/mime/parse.js";
import { SmtpError } from "../../mail/smtp/error.js";
import { type Automation, readAutomation } from "../automatic-mail.js";
import { subjectLine } from "../forms/harmless.js";
import { withInlineFiles } from "../forms/inline-files.js";
import { readMessageId, readMessageIds, writeMessageIds } from "../forms/message-ids.js";
import type { GatewaySettings } from "../settings.js";
import { type ControlFields, readControlFields } from "./control-fields.js";
import { type OutgoingParts, readParts } from "./parts.js";

/** What of a mail goes over the network, and what decides how. */
export interface OutgoingMail extends OutgoingParts {
  /** The mail addresses of its From field. */
  readonly from: readonly string[];
  /** The mail addresses of To, Cc and Bcc. They stay on this machine. */
  readonly named: readonly string[];
  /** One line, at most 500 characters. */
  readonly subject: string;
  /** Without angle brackets; null when it has none that can be used. */
  readonly messageId: string | null;
  readonly inReplyTo: readonly string[];
  /** Oldest first. */
  readonly references: readonly string[];
  /** Whether a program has written it, and why; null when a person has. */
  readonly autoSubmitted: Automation | null;
  readonly control: ControlFields;
}

const LONGEST_SUBJECT = 500;
const LONGEST_FIELD = 100_000;
/** Octets of a msg around its content: keys, signature, acknowledgement, encryption. */
const ROOM_AROUND_CONTENT = 1500;

/**
 * Reads a submitted mail (MAIL-MAPPING section 3).
 * @param now Unix seconds
 * @throws SmtpError 550 for what cannot be carried and for a control field that cannot be read
 */
export function readOutgoing(bytes: Uint8Array, now: number, root = parseMime(bytes)): OutgoingMail {
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
    autoSubmitted: readAutomation(field),
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

/** How a mail is written into a message. */
export interface EncodingOptions extends Pick<GatewaySettings, "threadHeaders" | "attachments"> {
  /** Whose word `attachments` is; `send.attachments` unless told. */
  readonly attachmentsBy?: string;
  /** PROTOCOL.md section 14, unless the mail's own header says it; by its content when not given. */
  readonly encoding?: number | null;
  readonly messageId: string;
  /** Inventory vectors of the messages that it answers. */
  readonly parents: readonly Uint8Array[];
}

export interface EncodedMail {
  readonly encoding: number;
  readonly content: Uint8Array;
}

/**
 * The content of the message that a mail becomes.
 * @throws SmtpError 550 5.6.1 when the encoding that its header or the settings ask for cannot hold it; 552 5.3.4 when it has more than
 *   recipients unpack
 */
export function encodeOutgoing(mail: OutgoingMail, options: EncodingOptions): EncodedMail {
  const { subject, body, files } = mail;
  const encoding = chooseEncoding(mail, options);
  if (encoding === Encoding.trivial) return { encoding, content: encodeTrivial({ body }) };
  const headers = carriedHeaders(mail, options);
  if (encoding === Encoding.extended) return { encoding, content: encodeWithFiles(mail, options, headers) };
  return { encoding, content: encodeSimple({ subject, body: withInlineFiles(body, files), headers }) };
}

/** With its original form, which is left out before a mail is too large for it, if text and files say everything. */
function encodeWithFiles(
  { subject, body, files, original, beyond }: OutgoingMail,
  { parents }: EncodingOptions,
  headers: Record<string, string>,
): Uint8Array {
  const plain = { subject, body, files, parents, headers };
  if (original !== null) {
    const content = encodeExtended({ ...plain, original });
    if (beyond !== "nothing" || isSmallEnough(content)) return readable(content);
  }
  return readable(encodeExtended(plain));
}

function isSmallEnough(content: Uint8Array): boolean {
  return content.length < MAX_SENT_OBJECT - ROOM_AROUND_CONTENT && isUnpacked(content);
}

/** What is squeezed well may fit into an object and yet be more than any recipient unpacks. */
function readable(content: Uint8Array): Uint8Array {
  if (isUnpacked(content)) return content;
  const text = "Text and attachments have more than 1048576 octets, which recipients do not unpack";
  throw new SmtpError(552, "5.3.4", text);
}

function isUnpacked(content: Uint8Array): boolean {
  try {
    decodeContent(Encoding.extended, content);
    return true;
  } catch (error) {
    if (error instanceof ProtocolError && error.code === "too_large_inflated") return false;
    throw error;
  }
}

function chooseEncoding(mail: OutgoingMail, options: EncodingOptions): number {
  const { attachments, attachmentsBy = "send.attachments" } = options;
  const wanted = mail.control.encoding ?? options.encoding ?? null;
  const isHeldBySimple = attachments === "inline" && wanted !== Encoding.trivial;
  const needsExtended = mail.beyond === "protection" || (mail.files.length > 0 && !isHeldBySimple);
  if (attachments === "refuse" && mail.attachments > 0)
    throw refusal(`Mail with attachments is not sent (${attachmentsBy} is refuse)`);
  if (wanted !== null) {
    if (needsExtended && wanted !== Encoding.extended) throw refusal(WRONG_ENCODING);
    return wanted;
  }
  if (attachments === "inline" && mail.beyond === "protection")
    throw refusal(`${PROTECTED_INLINE} (${attachmentsBy} is inline)`);
  if (attachments === "inline") return Encoding.simple;
  const isPlain = mail.files.length === 0 && mail.beyond === "nothing" && fitsSimpleSubject(mail.subject);
  return isPlain ? Encoding.simple : Encoding.extended;
}

const WRONG_ENCODING =
  "X-Bitmessage-Encoding, or the contact's setting, asks for an encoding that holds no attachments and no signed or encrypted parts; use extended, or leave it out";
const PROTECTED_INLINE =
  "Signed or encrypted parts need the extended encoding, which the settings do not allow";

/** Receivers read so many octets of a subject in simple encoding (PROTOCOL.md section 14.1). */
function fitsSimpleSubject(subject: string): boolean {
  return Buffer.byteLength(subject) <= 500;
}

function refusal(text: string): SmtpError {
  return new SmtpError(550, "5.6.1", text);
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
