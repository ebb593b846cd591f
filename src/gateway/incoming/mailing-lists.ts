import type { Outbox } from "../../bitmessage/messaging/outbox.js";
import type { Draft, ReceivedMessage } from "../../bitmessage/messaging/types.js";
import type { Address } from "../../bitmessage/protocol/address.js";
import { Encoding, encodeExtended, encodeSimple } from "../../bitmessage/protocol/content.js";
import { MAX_SENT_OBJECT } from "../../bitmessage/protocol/object.js";
import type { Logger } from "../../logger.js";
import { readAutoSubmitted } from "../automatic-mail.js";
import { harmlessLine } from "../forms/harmless.js";
import type { GatewaySettings } from "../settings.js";
import { listAuthor, listBody, listSubject } from "./mailing-list-form.js";

/** Identities that are pseudo mailing lists as PyBitmessage has them: what they receive, they broadcast. */
export interface MailingLists {
  /** The list's name, or null when the identity is none. */
  nameOf(identity: Address): string | null;
  /** Makes the identity a list; null: makes it an ordinary one. Within the caller's transaction. */
  setName(identity: Address, name: string | null): void;
  /** Queues the broadcast of a message that a list has received, within the running transaction. */
  resend(message: ReceivedMessage): void;
}

export interface MailingListsOptions {
  /** Texts by name that outlive the process. */
  readonly properties: { get(name: string): string | null; set(name: string, value: string): void };
  readonly outbox: () => Pick<Outbox, "enqueue" | "estimate">;
  readonly settings: Pick<GatewaySettings, "threadHeaders">;
  readonly log: Logger;
}

/** Two weeks, as PyBitmessage has it. */
const TTL = 1_209_600;
/** Each broadcast costs work. What comes above that in an hour stays with the list's owner. */
const MOST_OF_SENDER = 20;
const MOST_OF_LIST = 100;
const HOUR = 3600;

export function createMailingLists(options: MailingListsOptions): MailingLists {
  return new PropertyMailingLists(options);
}

class PropertyMailingLists implements MailingLists {
  readonly #options: MailingListsOptions;
  /** Of the last hour. */
  #resent: { readonly list: Address; readonly sender: Address; readonly time: number }[] = [];

  constructor(options: MailingListsOptions) {
    this.#options = options;
  }

  nameOf(identity: Address): string | null {
    return this.#options.properties.get(keyOf(identity)) || null;
  }

  setName(identity: Address, name: string | null): void {
    this.#options.properties.set(keyOf(identity), harmlessLine(name ?? "", 60).replace(/[[\]]/g, ""));
  }

  resend(message: ReceivedMessage): void {
    const { log } = this.#options;
    if (message.kind !== "msg" || message.chan || message.content.kind !== "text") return;
    const name = this.nameOf(message.to);
    if (name === null) return;
    const reason = this.#whyNot(message, name);
    const draft = reason === null ? this.#draft(message, name) : null;
    if (draft === null) {
      log.warn("a message to a list is not broadcast", { hash: message.hash, reason: reason ?? "too large" });
      return;
    }
    this.#options.outbox().enqueue(draft);
    this.#resent.push({ list: message.to, sender: message.from, time: message.received });
  }

  /** What could go round for ever, or make this machine work for ever. */
  #whyNot(message: ReceivedMessage, name: string): string | null {
    const { content, from, to, received } = message;
    if (content.kind !== "text") return "it is no text";
    if (readAutoSubmitted(content.headers["auto-submitted"] ?? null) !== null) return "it is automatic";
    if (this.nameOf(from) !== null) return "it is from a list";
    if (listAuthor(content.body) !== null && content.subject.includes(`[${name}]`)) return "it is an echo";
    this.#resent = this.#resent.filter((one) => one.time > received - HOUR);
    const ofList = this.#resent.filter((one) => one.list === to);
    const ofSender = ofList.filter((one) => one.sender === from);
    if (ofList.length >= MOST_OF_LIST || ofSender.length >= MOST_OF_SENDER) return "there were too many";
    return null;
  }

  /** With its attachments where there is room for them; null when there is no room for its text. */
  #draft(message: ReceivedMessage, name: string): Draft | null {
    const { content, encoding, from, to, received } = message;
    if (content.kind !== "text") return null;
    const subject = listSubject(content.subject, name);
    const headers = this.#headers(content.headers);
    const text = listBody(content.body, from, received);
    const draft = (body: string, files: typeof content.files): Draft => ({
      kind: "broadcast",
      from: to,
      to,
      subject,
      encoding: encoding === Encoding.extended ? Encoding.extended : Encoding.simple,
      content:
        encoding === Encoding.extended
          ? encodeExtended({ subject, body, files, headers })
          : encodeSimple({ subject, body, headers }),
      ttl: TTL,
      wantsAcknowledgement: false,
      maximumWork: null,
    });
    const whole = draft(text, content.files);
    if (this.#fits(whole)) return whole;
    const shortened = draft(`${text}\n\n[The attachments were too large for a broadcast.]\n`, []);
    return content.files.length > 0 && this.#fits(shortened) ? shortened : null;
  }

  #fits(draft: Draft): boolean {
    return this.#options.outbox().estimate(draft).objectLength <= MAX_SENT_OBJECT;
  }

  /** The author's own, so that the subscribers' threads hold. */
  #headers(received: Readonly<Record<string, string>>): Record<string, string> {
    if (this.#options.settings.threadHeaders === "off") return {};
    const names = { "message-id": "Message-ID", "in-reply-to": "In-Reply-To", references: "References" };
    const kept = Object.entries(names).map(([key, name]) => [name, received[key]] as const);
    return Object.fromEntries(kept.filter((pair): pair is [string, string] => pair[1] !== undefined));
  }
}

function keyOf(identity: Address): string {
  return `mailing-list.${identity}`;
}
