import type { Identity } from "../../bitmessage/messaging/types.js";
import { SmtpError } from "../../mail/smtp/error.js";
import type { Recipient } from "../../mail/smtp/handler.js";
import type { OrdinaryAddresses } from "../ordinary-addresses.js";
import { type Handover, RELAY } from "./ports.js";
import type { HandoverQueue } from "./queue.js";
import { relayedForm } from "./relayed-mail.js";

/** A submitted mail for ordinary recipients. */
export interface MailToRelay {
  readonly queueId: string;
  readonly user: string;
  readonly from: Identity;
  readonly subject: string;
  readonly messageId: string;
  readonly bytes: Uint8Array;
  readonly recipients: readonly Recipient[];
  readonly ret: "FULL" | "HDRS";
  readonly envid: string | null;
  /** Unix seconds. */
  readonly time: number;
}

/** Sends ordinary mail through the smarthost, in the name of the user's ordinary address. */
export interface Relay {
  /** @throws SmtpError 550 5.7.1 when the identity has no address that ordinary mail can come from */
  checkSender(user: string, from: Identity): void;
  /** Queues the mail for each recipient, within the running transaction. @throws SmtpError as `checkSender` */
  add(mail: MailToRelay): readonly Handover[];
}

export interface RelayOptions {
  readonly queue: Pick<HandoverQueue, "add">;
  readonly ordinaryAddresses: OrdinaryAddresses;
  readonly domain: string;
  /** Whether a mail address reaches somebody through this server only. */
  readonly isOurs: (mailAddress: string) => boolean;
}

export function createRelay({ queue, ordinaryAddresses, domain, isOurs }: RelayOptions): Relay {
  const senderOf = (user: string, { address, chan }: Identity) => {
    if (chan) {
      const text = `${address} is a chan: ordinary recipients would learn from your ordinary address who writes there. Send from an identity of your own`;
      throw new SmtpError(550, "5.7.1", text);
    }
    const sender = ordinaryAddresses.mailAddressOf(user, address);
    if (sender !== null) return sender;
    const text = `Ordinary recipients could not answer ${address}; give it or your login an ordinary address with the setting mail.addresses`;
    throw new SmtpError(550, "5.7.1", text);
  };
  return {
    checkSender: (user, from) => void senderOf(user, from),
    add(mail) {
      if (mail.recipients.length === 0) return [];
      const { user, subject, messageId, ret, envid, queueId: id, time } = mail;
      const from = senderOf(user, mail.from);
      const bytes = relayedForm(mail.bytes, { from, domain, id, time, isOurs });
      return mail.recipients.map((recipient) => {
        const wishes = {
          ret,
          envid,
          notify: recipient.notify ?? null,
          orcpt: recipient.orcpt ?? null,
          original: recipient.address,
        };
        const envelope = { sender: from, recipient: recipient.address };
        return queue.add({ target: RELAY, user, ...envelope, subject, messageId, wishes }, bytes);
      });
    },
  };
}
