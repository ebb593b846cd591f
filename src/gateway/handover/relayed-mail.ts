import MimeNode from "nodemailer/lib/mime-node";
import { concatBytes } from "../../bitmessage/protocol/bytes.js";
import { flattenAddresses, type Mailbox, parseAddressList } from "../../mail/mime/address.js";
import { formatDate, parseDate } from "../../mail/mime/date.js";
import { decodeEncodedWords, unfold } from "../../mail/mime/headers.js";
import { type MimePart, parseMime } from "../../mail/mime/parse.js";
import { harmlessLine } from "../forms/harmless.js";

/** What a mail must show and hide outside of this machine. */
export interface RelayedForm {
  /** The sender's ordinary mail address: what stands in From. */
  readonly from: string;
  /** Names our server in the trace. */
  readonly domain: string;
  /** The queue id. */
  readonly id: string;
  /** Unix seconds. */
  readonly time: number;
  /** Whether a mail address reaches somebody through this server only. */
  readonly isOurs: (mailAddress: string) => boolean;
}

/**
 * Fields that stay here: who else gets the mail, what it was written with and where, how it is sent. A signature over them
 * (DKIM) would be broken by our From.
 */
const SECRET =
  /^(?:bcc|resent-bcc|received|return-path|delivered-to|user-agent|x-mailer|x-originating-ip|x-originating-client|x-bitmessage-.*|x-mozilla-.*|expires|autocrypt|sender|dkim-signature|mail-followup-to)$/;
/** Whom to answer and whom to tell: of ours, only the sender's own address is of use outside. */
const ANSWERS =
  /^(?:reply-to|disposition-notification-to|return-receipt-to|errors-to|resent-from|resent-sender)$/;
const RECIPIENTS = /^(?:to|cc|resent-to|resent-cc)$/;

/**
 * The mail as it goes to ordinary recipients: From is the sender's ordinary address, Bitmessage addresses and traces of the sender's
 * machine are gone, the time is in UTC. The body stays as it is, byte for byte.
 */
export function relayedForm(bytes: Uint8Array, form: RelayedForm): Uint8Array {
  const root = parseMime(bytes);
  const parts: Uint8Array[] = [traceField(form)];
  let state: "no recipient" | "recipients" = "no recipient";
  for (const field of root.fields) {
    const name = field.name.toLowerCase();
    if (name === "" || SECRET.test(name)) continue;
    const written = bytes.subarray(field.start, field.end);
    if (name === "from") parts.push(fromField(field.value, form));
    else if (name === "date") parts.push(dateField(field.value, form));
    else if (RECIPIENTS.test(name) || ANSWERS.test(name)) {
      const kept = addressField(field, written, form);
      if (kept !== null && /^(?:to|cc)$/.test(name)) state = "recipients";
      if (kept !== null) parts.push(kept);
    } else parts.push(written);
  }
  if (state === "no recipient") parts.push(ascii("To: undisclosed-recipients:;\r\n"));
  return concatBytes(...parts, bodyOf(bytes, root));
}

/** RFC 5321 section 4.4, without who has brought it here: enough to break a loop. */
function traceField({ domain, id, time }: RelayedForm): Uint8Array {
  return ascii(`Received: by ${domain} with ESMTP id ${id};\r\n\t${formatDate(time, 0)}\r\n`);
}

function fromField(value: string, { from }: RelayedForm): Uint8Array {
  const [mailbox] = readList(value);
  return built("From", [{ address: from, name: nameOf(mailbox) }]);
}

function dateField(value: string, { time }: RelayedForm): Uint8Array {
  return ascii(`Date: ${formatDate(parseDate(unfold(value))?.seconds ?? time, 0)}\r\n`);
}

/** As it was written where it names nobody of ours; null when it names nobody else. */
function addressField(
  field: { readonly name: string; readonly value: string },
  written: Uint8Array,
  form: RelayedForm,
): Uint8Array | null {
  const list = readList(field.value);
  const others = list.filter((mailbox) => !form.isOurs(addressOf(mailbox)));
  if (others.length === list.length) return written;
  if (others.length === 0) return null;
  return built(
    field.name,
    others.map((mailbox) => ({ address: addressOf(mailbox), name: nameOf(mailbox) })),
  );
}

function readList(value: string): Mailbox[] {
  return flattenAddresses(parseAddressList(unfold(value.slice(0, 100_000)))).filter(
    (mailbox) => mailbox.local !== "",
  );
}

function addressOf({ local, domain }: Mailbox): string {
  return domain === null ? local : `${local}@${domain}`;
}

function nameOf(mailbox: Mailbox | undefined): string {
  return harmlessLine(decodeEncodedWords(mailbox?.name ?? ""), 200);
}

function built(name: string, mailboxes: { address: string; name: string }[]): Uint8Array {
  const node = new MimeNode("text/plain", { newline: "win" });
  node.setHeader(name, mailboxes);
  const line = node
    .buildHeaders()
    .split(/\r\n(?![ \t])/)
    .find((text) => text.toLowerCase().startsWith(`${name.toLowerCase()}:`));
  return ascii(line === undefined ? "" : `${line}\r\n`);
}

/** From the blank line on; one that was missing is put in. */
function bodyOf(bytes: Uint8Array, root: MimePart): Uint8Array {
  const lastField = root.fields.at(-1)?.end ?? root.headerStart;
  return root.bodyStart > lastField
    ? bytes.subarray(lastField)
    : concatBytes(ascii("\r\n"), bytes.subarray(root.bodyStart));
}

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
