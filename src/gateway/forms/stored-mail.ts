import { formatDate } from "../../mail/mime/date.js";
import { findField, findFields } from "../../mail/mime/headers.js";
import { latin1Encode } from "../../mail/mime/latin1.js";
import { type MimePart, parseMime } from "../../mail/mime/parse.js";
import { readMessageId } from "./message-ids.js";

/** What a stored mail must have and may lack as the client sent it. */
export interface Completion {
  /** Without angle brackets. */
  readonly messageId: string;
  /** Unix seconds. */
  readonly time: number;
  /** Mail address of the sender. */
  readonly from: string;
  /** Mail addresses of recipients whom the mail does not name. */
  readonly bcc: readonly string[];
}

/**
 * The mail with the fields it lacks put before its header (RFC 6409 section 8) and without a Message-ID that is none; everything else
 * stays, byte for byte.
 */
export function completeMail(
  bytes: Uint8Array,
  completion: Completion,
  root: MimePart = parseMime(bytes),
): Uint8Array {
  const isOwnId = readMessageId(findField(root, "message-id")?.value ?? "") === completion.messageId;
  const lines: string[] = [];
  if (!isOwnId) lines.push(`Message-ID: <${completion.messageId}>`);
  if (findField(root, "date") === null) lines.push(`Date: ${formatDate(completion.time, 0)}`);
  if (findField(root, "from") === null) lines.push(`From: <${completion.from}>`);
  if (completion.bcc.length > 0 && findField(root, "bcc") === null) {
    lines.push(`Bcc: ${completion.bcc.map((address) => `<${address}>`).join(",\r\n ")}`);
  }
  const added = latin1Encode(lines.map((line) => `${line}\r\n`).join(""));
  return concat([added, ...(isOwnId ? [bytes] : withoutMessageIds(bytes, root))]);
}

/** The Message-ID of a stored mail, without angle brackets, or null. */
export function messageIdOf(bytes: Uint8Array): string | null {
  return readMessageId(findField(parseMime(bytes), "message-id")?.value ?? "");
}

function withoutMessageIds(bytes: Uint8Array, root: MimePart): Uint8Array[] {
  const kept: Uint8Array[] = [];
  let start = 0;
  for (const field of findFields(root, "message-id")) {
    kept.push(bytes.subarray(start, field.start));
    start = field.end;
  }
  kept.push(bytes.subarray(start));
  return kept;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    result.set(part, offset);
    offset += part.length;
  }
  return result;
}
