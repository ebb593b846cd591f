import { MOST_TRIALS } from "../../bitmessage/messaging/next-action.js";
import type { Outbox } from "../../bitmessage/messaging/outbox.js";
import type { SendPolicy } from "../../bitmessage/messaging/ports.js";
import type { Draft } from "../../bitmessage/messaging/types.js";
import type { Address } from "../../bitmessage/protocol/address.js";
import { fromHex } from "../../bitmessage/protocol/bytes.js";
import { MAX_SENT_OBJECT } from "../../bitmessage/protocol/object.js";
import { SmtpError } from "../../mail/smtp/error.js";
import type { Correspondents } from "../correspondents.js";
import type { ThreadStore } from "../ports.js";
import type { GatewaySettings } from "../settings.js";
import { type EncodedMail, encodeOutgoing, type OutgoingMail } from "./mapping.js";
import { acceptedWork, priceText } from "./price.js";

/** A mail and whom it is to reach over the network. */
export interface Draftable {
  readonly user: string;
  readonly from: Address;
  readonly mail: OutgoingMail;
  /** Without angle brackets. */
  readonly messageId: string;
  readonly reached: readonly { readonly kind: "msg" | "broadcast"; readonly address: Address }[];
}

/** Makes a mail into messages, each in the encoding that its recipient can read. */
export interface Drafting {
  /**
   * One for each recipient, in their order. Nothing is drafted that cannot be sent.
   * @throws SmtpError 550 5.6.1, 552 5.3.4, 554 5.7.0
   */
  draft(draftable: Draftable): Draft[];
}

export interface DraftingOptions {
  readonly correspondents: Correspondents;
  readonly threads: ThreadStore;
  readonly outbox: Pick<Outbox, "estimate">;
  readonly policy: Pick<SendPolicy, "maximumWork">;
  /** How fast this machine works, all threads together; 0 when that is not known yet. */
  readonly trialsPerSecond: () => number;
  readonly settings: Pick<GatewaySettings, "threadHeaders">;
}

export function createDrafting(options: DraftingOptions): Drafting {
  return new MessageDrafting(options);
}

class MessageDrafting implements Drafting {
  readonly #options: DraftingOptions;

  constructor(options: DraftingOptions) {
    this.#options = options;
  }

  draft({ user, from, mail, messageId, reached }: Draftable): Draft[] {
    const { correspondents, settings } = this.#options;
    const parents = reached.length === 0 ? [] : this.#parents(user, mail);
    const encoded = new Map<string, EncodedMail>();
    const drafts = reached.map(({ kind, address }): Draft => {
      const { maximumWork, ...way } = correspondents.wayTo(user, { kind, address });
      const key = JSON.stringify(way);
      const content =
        encoded.get(key) ??
        encodeOutgoing(mail, { messageId, parents, threadHeaders: settings.threadHeaders, ...way });
      encoded.set(key, content);
      return {
        kind,
        from,
        to: address,
        subject: mail.subject,
        ...content,
        ttl: mail.control.ttl,
        wantsAcknowledgement: mail.control.acknowledgement === "wanted",
        maximumWork: mail.control.maximumWork ?? maximumWork,
      };
    });
    for (const draft of drafts) this.#checkCost(draft);
    return drafts;
  }

  #parents(user: string, mail: OutgoingMail): Uint8Array[] {
    const ids = [...new Set([...mail.inReplyTo, ...mail.references.slice(-1)])].slice(0, 10);
    const hashes = ids.map((id) => this.#options.threads.findByMessageId(user, id)?.hash ?? null);
    return hashes.filter((hash) => hash !== null).map(fromHex);
  }

  /** A dry run of the encoding. */
  #checkCost(draft: Draft): void {
    const { outbox, policy, trialsPerSecond } = this.#options;
    const cost = outbox.estimate(draft);
    if (cost.objectLength > MAX_SENT_OBJECT) throw objectTooLarge(cost.objectLength);
    if (cost.trials > MOST_TRIALS) throw workWithoutEnd(cost.trials);
    const limit = draft.maximumWork ?? policy.maximumWork;
    if (limit === 0 || cost.trials <= limit) return;
    const source =
      draft.maximumWork === null ? "send.max_work" : "X-Bitmessage-Max-Work, or the contact's max_work";
    const text =
      `Sending this takes ${priceText(cost.trials, trialsPerSecond())}; the limit is ${limit} trials (${source}). ` +
      `To pay that price, send it with the header field X-Bitmessage-Max-Work: ${acceptedWork(cost.trials)}`;
    throw new SmtpError(554, "5.7.0", text);
  }
}

function workWithoutEnd(trials: number): SmtpError {
  const text =
    "that is more than can be done while a message lives, so that nobody can write to this address";
  return new SmtpError(554, "5.7.0", `Its owner demands ${trials} trials; ${text}`);
}

function objectTooLarge(size: number): SmtpError {
  const excess = Math.ceil((size - MAX_SENT_OBJECT) / 1024);
  const text =
    `The message has ${size} octets as it would travel; the limit is ${MAX_SENT_OBJECT} octets, so that it is ${excess} KiB too large. ` +
    "Make its pictures smaller, compress its attachments, or send them in several mails";
  return new SmtpError(552, "5.3.4", text);
}
