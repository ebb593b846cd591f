/** sendMessage and sendBroadcast: the text goes out exactly as it was given, and its mail is in Sent like any other. */
import { randomBytes } from "node:crypto";
import type { Draft } from "../../bitmessage/messaging/types.js";
import { createAckData } from "../../bitmessage/protocol/ack.js";
import type { Address } from "../../bitmessage/protocol/address.js";
import { Encoding, encodeExtended, encodeSimple } from "../../bitmessage/protocol/content.js";
import { ProtocolError } from "../../bitmessage/protocol/errors.js";
import { subjectLine } from "../../gateway/forms/harmless.js";
import { composeSent } from "../../gateway/importing/old-sent.js";
import { excerptOf } from "../../gateway/incoming/quotes.js";
import { baseSubject } from "../../mail/mime/base-subject.js";
import type { ApiContext } from "./context.js";
import { apiError } from "./errors.js";
import { ackDataOf } from "./sent-mail.js";

export interface Message {
  readonly kind: "msg" | "broadcast";
  readonly from: Address;
  /** For a broadcast the same as `from`. */
  readonly to: Address;
  readonly subject: string;
  readonly body: string;
  /** 2 or 3 */
  readonly encoding: number;
  /** Seconds. */
  readonly ttl: number;
}

const LONGEST_SUBJECT = 500;

/** Puts a message into the outbox; resolves with its ackdata in hexadecimal. @throws ApiError 27 */
export async function sendMessage(message: Message, context: ApiContext): Promise<string> {
  const { user, services, stores, sent, config, clock } = context;
  const { from, to, body, kind } = message;
  // What is shown is one line; what goes out is as it was given.
  const subject = subjectLine(message.subject, LONGEST_SUBJECT);
  const draft = { ...draftOf(message), subject };
  refuseTooLarge(draft, context);
  const created = Math.floor(clock());
  const random = (length: number) => new Uint8Array(randomBytes(length));
  const newName = () => randomBytes(9).toString("hex");
  const messageId = `${newName()}@${config.mail.domain}`;
  const { domain } = config.mail;
  const { addresses } = services;
  const known = { from, to, subject, body, encoding: message.encoding, ttl: message.ttl, time: created };
  const mail = await composeSent(
    { ...known, ackData: "", status: "", sleepUntil: 0, retries: 0, folder: "sent" },
    { kind, from, to },
    { user, addresses, messageId, domain, time: created },
  );
  // Made now, so that it is the name of the message from the beginning.
  const ackData = createAckData(0, 1, random);
  const past = { state: "queued", ackData, attempts: 0, created, nextAction: null } as const;
  return stores.transactions.run(() => {
    const entry = services.messaging.outbox.enqueue(draft, past);
    const original = kind === "broadcast" ? `broadcast@${domain}` : addresses.mailAddress(to);
    const recipient = { outboxId: entry.id, address: to, original, notify: null, orcpt: null };
    const envelope = { ret: "HDRS", envid: null, recipients: [recipient] } as const;
    stores.submissions.add({ id: newName(), user, messageId, from, subject, created, ...envelope });
    sent.copies.keep({ user, messageId, from, bytes: mail, time: created });
    stores.threads.remember({
      user,
      messageId,
      hash: null,
      correspondent: to,
      baseSubject: baseSubject(subject).base,
      excerpt: excerptOf(body),
      references: [],
      time: created,
    });
    return ackDataOf(entry);
  });
}

function draftOf({ kind, from, to, subject, body, encoding, ttl }: Message): Draft {
  const content =
    encoding === Encoding.extended
      ? encodeExtended({ subject, body })
      : encodeSimple({ subject, body, headers: {} });
  return {
    kind,
    from,
    to,
    subject,
    encoding,
    content,
    ttl,
    wantsAcknowledgement: kind === "msg",
    maximumWork: null,
  };
}

function refuseTooLarge(draft: Draft, { services }: ApiContext): void {
  try {
    services.messaging.outbox.dryRun(draft);
  } catch (error) {
    if (error instanceof ProtocolError && error.code === "object_too_large") throw apiError(27);
    throw error;
  }
}
