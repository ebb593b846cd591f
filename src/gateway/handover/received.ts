import { decodeEncodedWords, findField, unfold } from "../../mail/mime/headers.js";
import { parseMime } from "../../mail/mime/parse.js";
import { messageIdOf } from "../forms/stored-mail.js";
import type { OrdinaryAddresses } from "../ordinary-addresses.js";
import type { HandoverQueue } from "./queue.js";

export type ReceivedKind = "message" | "chan" | "broadcast" | "report";

/** A mail that has come into a mailbox by itself. */
export interface ReceivedMail {
  readonly user: string;
  readonly kind: ReceivedKind;
  /** The identity or chan that it is for, or the broadcaster that it is from; null when no address of the user's is concerned. */
  readonly address: string | null;
  /** Mail address; empty for a report. */
  readonly sender: string;
  readonly subject: string;
  readonly messageId: string;
  readonly bytes: Uint8Array;
}

/** Which mail a delivery target is to get, and for whom. */
export interface DeliveryRule {
  readonly target: string;
  /** Logins; null for all. */
  readonly users: readonly string[] | null;
  /** Addresses of identities, chans and broadcasters; null for all. */
  readonly addresses: readonly string[] | null;
  readonly kinds: readonly ReceivedKind[];
  /** Mail address, `{user}` standing for the login; null: the ordinary address of the identity or the login, else the login's name. */
  readonly recipient: string | null;
}

export interface HandOnOptions {
  readonly queue: Pick<HandoverQueue, "add">;
  readonly rules: readonly DeliveryRule[];
  readonly ordinaryAddresses: OrdinaryAddresses;
}

/** Queues a received mail for each delivery target that is to get it, within the running transaction. */
export type HandOn = (mail: ReceivedMail) => void;

export function createHandOn({ queue, rules, ordinaryAddresses }: HandOnOptions): HandOn {
  return (mail) => {
    const { user, sender, subject, messageId, bytes } = mail;
    for (const rule of rules) {
      if (!concerns(rule, mail)) continue;
      const recipient =
        rule.recipient?.replaceAll("{user}", user) ??
        ordinaryAddresses.mailAddressOf(user, mail.address ?? "") ??
        user;
      const draft = { target: rule.target, user, sender, recipient, subject, messageId, wishes: null };
      queue.add(draft, bytes);
    }
  };
}

function concerns({ users, addresses, kinds }: DeliveryRule, mail: ReceivedMail): boolean {
  if (!kinds.includes(mail.kind)) return false;
  if (users !== null && !users.includes(mail.user)) return false;
  return addresses === null || (mail.address !== null && addresses.includes(mail.address));
}

/** A report in the user's INBOX. `address`: the identity whose mail it is about. */
export function receivedReport(user: string, address: string | null, bytes: Uint8Array): ReceivedMail {
  const subject = decodeEncodedWords(unfold(findField(parseMime(bytes), "subject")?.value ?? ""));
  return { user, kind: "report", address, sender: "", subject, messageId: messageIdOf(bytes) ?? "", bytes };
}
