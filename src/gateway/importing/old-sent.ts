import MailComposer from "nodemailer/lib/mail-composer/index.js";
import type { Draft, PastSending } from "../../bitmessage/messaging/types.js";
import type { Address } from "../../bitmessage/protocol/address.js";
import { fromHex } from "../../bitmessage/protocol/bytes.js";
import { Encoding, encodeSimple } from "../../bitmessage/protocol/content.js";
import type { AddressBook } from "../addresses.js";
import { harmlessBody, subjectLine } from "../forms/harmless.js";
import { BROADCAST_SUBSCRIBERS, readAddress } from "./old-received.js";

/** A message that another program has sent, or is sending (PROTOCOL.md section 22.2). */
export interface OldSent {
  readonly from: string;
  /** An address, or BROADCAST_SUBSCRIBERS. */
  readonly to: string;
  readonly subject: string;
  readonly body: string;
  readonly encoding: number;
  /** Hexadecimal; "" when there is none. */
  readonly ackData: string;
  /** PROTOCOL.md section 16.1. */
  readonly status: string;
  /** Unix seconds; 0 when not known. */
  readonly time: number;
  /** Unix seconds of the next try; 0 for at once. */
  readonly sleepUntil: number;
  readonly retries: number;
  /** Seconds; 0 when not known. */
  readonly ttl: number;
  readonly folder: "sent" | "trash" | "draft";
}

export interface ReadSent {
  readonly kind: "msg" | "broadcast";
  readonly from: Address;
  /** For a broadcast the same as `from`. */
  readonly to: Address;
}

const LONGEST_SUBJECT = 500;

/** Whom it is between, or why that cannot be told. */
export function readOldSent(old: OldSent): ReadSent | { readonly reason: string } {
  const kind = old.to === BROADCAST_SUBSCRIBERS ? "broadcast" : "msg";
  const from = readAddress(old.from);
  const to = kind === "broadcast" ? from : readAddress(old.to);
  if (from === null || to === null) return { reason: "it names no Bitmessage address" };
  return { kind, from, to };
}

/** The mail that would have become this message. */
export async function composeSent(
  old: OldSent,
  read: ReadSent,
  context: {
    readonly user: string;
    readonly addresses: AddressBook;
    readonly messageId: string;
    readonly domain: string;
    /** Unix seconds. */
    readonly time: number;
  },
): Promise<Uint8Array> {
  const { user, addresses, messageId, domain } = context;
  const mailbox = (address: Address) => ({
    name: addresses.labelOf(user, address) ?? "",
    address: addresses.mailAddress(address),
  });
  const to = read.kind === "broadcast" ? { name: "", address: `broadcast@${domain}` } : mailbox(read.to);
  const built = await new MailComposer({
    from: mailbox(read.from),
    to,
    subject: subjectLine(old.subject, LONGEST_SUBJECT),
    text: harmlessBody(old.body),
    date: new Date(context.time * 1000),
    messageId: `<${messageId}>`,
    disableFileAccess: true,
    disableUrlAccess: true,
    newline: "\r\n",
  })
    .compile()
    .build();
  return new Uint8Array(built);
}

const KEYWORDS: Readonly<Record<string, string>> = {
  ackreceived: "$BmDelivered",
  msgsent: "$BmSent",
  msgsentnoackexpected: "$BmSent",
  broadcastsent: "$BmSent",
  toodifficult: "$BmFailed",
  badkey: "$BmFailed",
};

/** How a finished message shows what became of it. */
export function keywordOfStatus(status: string): string[] {
  const keyword = KEYWORDS[status];
  return keyword === undefined ? [] : [keyword];
}

const WAITING = new Set([
  "msgqueued",
  "awaitingpubkey",
  "doingpubkeypow",
  "doingmsgpow",
  "forcepow",
  "broadcastqueued",
  "doingbroadcastpow",
]);

/** Where a message stood that is still on its way; null when nothing more is to be done. */
export function pastOf(old: OldSent, created: number): PastSending | null {
  const ackData = old.to === BROADCAST_SUBSCRIBERS ? null : readAckData(old.ackData);
  if (WAITING.has(old.status)) return { state: "queued", ackData, attempts: 0, created, nextAction: null };
  if (old.status !== "msgsent" || ackData === null) return null;
  const nextAction = old.sleepUntil === 0 ? null : old.sleepUntil;
  return { state: "sent", ackData, attempts: Math.max(1, old.retries), created, nextAction };
}

/** Type, version, stream and 32 octets or more, as we make them ourselves; old ones of another form are given up. */
function readAckData(text: string): Uint8Array | null {
  return /^[0-9a-f]{76,600}$/.test(text) && text.length % 2 === 0 ? fromHex(text) : null;
}

export function draftOfOld(old: OldSent, read: ReadSent): Draft {
  const subject = subjectLine(old.subject, LONGEST_SUBJECT);
  return {
    kind: read.kind,
    from: read.from,
    to: read.to,
    subject,
    encoding: Encoding.simple,
    content: encodeSimple({ subject, body: old.body, headers: {} }),
    ttl: old.ttl === 0 ? null : old.ttl,
    wantsAcknowledgement: true,
    // The person had accepted the price already.
    maximumWork: old.status === "forcepow" ? 0 : null,
  };
}
