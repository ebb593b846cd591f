/** A user's messages as PyBitmessage keeps them (PROTOCOL.md section 22.2): what `import messages.dat` reads, the other way round. */
import { createHash } from "node:crypto";
import { decodeAddress } from "../../bitmessage/protocol/address.js";
import { ProtocolError } from "../../bitmessage/protocol/errors.js";
import type { OldReceived } from "../../gateway/importing/old-received.js";
import { BROADCAST_SUBSCRIBERS } from "../../gateway/importing/old-received.js";
import type { OldSent } from "../../gateway/importing/old-sent.js";
import { SENT, TRASH } from "../../gateway/mailboxes/mailboxes.js";
import { flattenAddresses, parseAddressList } from "../../mail/mime/address.js";
import { decodeEncodedWords, findField, findFields, unfold } from "../../mail/mime/headers.js";
import { type MimePart, parseMime } from "../../mail/mime/parse.js";
import { bodyOf, type ReceivedMail } from "../api/received-mail.js";
import { ackDataOf, messageIdOf, recipientOf, type SentMail, statusOf, textOf } from "../api/sent-mail.js";
import type { MethodsContext } from "./context.js";

/** As OldSent, with what only an export tells. */
export interface ExportedSent extends OldSent {
  /** Hexadecimal, 32 octets: the inventory hash, or what stands in its place. */
  readonly id: string;
  /** Unix seconds. */
  readonly changed: number;
}

/** Oldest first, those in Trash at the end. */
export function* receivedMessages(mail: ReceivedMail, user: string): Generator<OldReceived> {
  for (const [entries, trashed] of [
    [mail.list(user), false],
    [mail.listTrashed(user), true],
  ] as const) {
    for (const entry of entries) {
      const text = mail.read(entry);
      if (text === null || !isAddress(text.from)) continue;
      const { hash: id, received, seen } = entry;
      yield { id, ...text, received, seen, trashed };
    }
  }
}

/** What the outbox knows of, and older mail in Sent and Trash that went out from an address. */
export function* sentMessages(
  context: MethodsContext,
  mail: SentMail,
  user: string,
): Generator<ExportedSent> {
  const known = new Set<string>();
  for (const { entry, submission, place } of mail.listWithPlaces(user)) {
    known.add(submission.messageId);
    if (place === "deleted" || entry.state === "cancelled") continue;
    yield {
      id: messageIdOf(entry),
      from: entry.from,
      to: recipientOf(entry),
      subject: entry.subject,
      body: textOf(entry),
      encoding: entry.encoding,
      ackData: ackDataOf(entry),
      status: statusOf(entry),
      time: entry.created,
      changed: entry.changed,
      sleepUntil: entry.nextAction ?? 0,
      retries: entry.attempts,
      ttl: entry.ttl ?? 0,
      folder: place,
    };
  }
  for (const name of [SENT, TRASH]) yield* olderMail(context, user, name, known);
}

function* olderMail(
  { stores: { mailboxes }, services: { folders } }: MethodsContext,
  user: string,
  name: string,
  known: ReadonlySet<string>,
): Generator<ExportedSent> {
  const mailbox = folders.find(user, name);
  if (mailbox === null) return;
  for (const { uid, flags } of mailboxes.snapshot(mailbox, "read-only").messages) {
    const bytes = mailboxes.read(mailbox, uid);
    if (bytes === null) continue;
    const root = parseMime(bytes);
    const messageId = field(root, "message-id").replace(/^<|>$/g, "");
    // What was received and thrown away has its own table.
    if (known.has(messageId) || findField(root, "x-bitmessage-hash") !== null) continue;
    const time = Math.floor(Date.parse(field(root, "date")) / 1000);
    const row = {
      subject: decodeEncodedWords(field(root, "subject")),
      body: bodyOf(bytes, root),
      encoding: 2,
      ackData: "",
      status: statusOfFlags(flags),
      time: time > 0 ? time : 0,
      changed: time > 0 ? time : 0,
      sleepUntil: 0,
      retries: 0,
      ttl: 0,
      folder: name === TRASH ? ("trash" as const) : ("sent" as const),
    };
    const [from = ""] = addresses(root, "from");
    if (!isAddress(from)) continue;
    for (const to of recipients(root)) {
      const isBroadcast = to === BROADCAST_SUBSCRIBERS;
      const status = isBroadcast && row.status === "msgsentnoackexpected" ? "broadcastsent" : row.status;
      const id = createHash("sha256").update(`${messageId} ${to}`).digest("hex");
      yield { ...row, id, from, to, status };
    }
  }
}

function recipients(root: MimePart): string[] {
  const all = ["to", "cc", "bcc"].flatMap((name) => addresses(root, name));
  return [
    ...new Set(
      all.map((local) => (local === "broadcast" ? BROADCAST_SUBSCRIBERS : local)).filter(isRecipient),
    ),
  ];
}

function addresses(root: MimePart, name: string): string[] {
  return findFields(root, name).flatMap(({ value }) =>
    flattenAddresses(parseAddressList(unfold(value))).map(({ local }) => local),
  );
}

function isRecipient(text: string): boolean {
  return text === BROADCAST_SUBSCRIBERS || isAddress(text);
}

function isAddress(text: string): boolean {
  try {
    return decodeAddress(text).address === text;
  } catch (error) {
    if (error instanceof ProtocolError) return false;
    throw error;
  }
}

/** Nothing that PyBitmessage would send again. */
function statusOfFlags(flags: readonly string[]): string {
  if (flags.includes("$BmDelivered")) return "ackreceived";
  return flags.includes("$BmFailed") ? "badkey" : "msgsentnoackexpected";
}

function field(root: MimePart, name: string): string {
  return unfold(findField(root, name)?.value ?? "").trim();
}
