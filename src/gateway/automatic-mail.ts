import type { IdentityStore } from "../bitmessage/messaging/ports.js";
import type { Address } from "../bitmessage/protocol/address.js";
import { SmtpError } from "../mail/smtp/error.js";
import { CHANS, SUBSCRIPTIONS } from "./mailboxes/mailboxes.js";
import type { AutomaticAnswerLog, MailboxStore } from "./ports.js";
import type { GatewaySettings } from "./settings.js";

export type Automation = "auto-generated" | "auto-replied" | "auto-notified";

/** RFC 3834 section 5. */
export function readAutoSubmitted(value: string | null): Automation | null {
  const word = /^\s*(auto-(?:generated|replied|notified))(?![\w-])/i.exec(value ?? "")?.[1];
  return (word?.toLowerCase() as Automation | undefined) ?? null;
}

/** That a program has written a mail, also as older ones say it. An Auto-Submitted of `no` settles it. */
export function readAutomation(field: (name: string) => string | null): Automation | null {
  const autoSubmitted = field("auto-submitted");
  if (autoSubmitted !== null) return readAutoSubmitted(autoSubmitted);
  const precedence = field("precedence")?.trim().toLowerCase();
  const isMarked = ["x-autoreply", "x-autorespond"].some((name) => isYes(field(name)));
  const isOldVacation = precedence === "bulk" || precedence === "junk";
  const answers = field("in-reply-to") !== null && field("list-id") === null;
  return precedence === "auto_reply" || isMarked || (isOldVacation && answers) ? "auto-replied" : null;
}

function isYes(value: string | null): boolean {
  return value !== null && value.trim().toLowerCase() !== "no";
}

export type AutomaticMailRecipient =
  | { readonly kind: "msg" | "broadcast"; readonly address: Address }
  /** A mail address that the smarthost reaches. */
  | { readonly kind: "ordinary"; readonly address: string };

/** An automatic mail that is to be sent. */
export interface AutomaticMail {
  readonly user: string;
  readonly automation: Automation | null;
  /** Message-IDs of what it answers, without angle brackets. */
  readonly inReplyTo: readonly string[];
  readonly recipients: readonly AutomaticMailRecipient[];
}

/** Keeps programs from answering each other for ever, and answers from places where nobody wants them (MAIL-MAPPING section 8). */
export interface AutomaticMailRules {
  /** @throws SmtpError 550 5.7.1 for an answer that is not to be sent */
  check(mail: AutomaticMail, now: number): void;
  /** Counts it, within the transaction that accepts it. */
  remember(mail: AutomaticMail, now: number): void;
}

export interface AutomaticMailOptions {
  readonly identities: IdentityStore;
  readonly mailboxes: MailboxStore;
  readonly automaticAnswers: AutomaticAnswerLog;
  readonly settings: Pick<GatewaySettings, "autoReplyLimit">;
}

const HOUR = 3600;

export function createAutomaticMailRules(options: AutomaticMailOptions): AutomaticMailRules {
  return new Rules(options);
}

class Rules implements AutomaticMailRules {
  readonly #options: AutomaticMailOptions;

  constructor(options: AutomaticMailOptions) {
    this.#options = options;
  }

  check(mail: AutomaticMail, now: number): void {
    if (!isAnswer(mail)) return;
    if (mail.automation === "auto-replied") this.#checkPlace(mail);
    const limit = this.#options.settings.autoReplyLimit;
    if (limit === 0) return;
    for (const { address } of mail.recipients) {
      if (this.#options.automaticAnswers.countAfter(mail.user, address, now - HOUR) < limit) continue;
      throw refusal(
        `${address} has had ${limit} automatic answers within an hour, which is the limit (send.auto_reply_limit); this one is not sent`,
      );
    }
  }

  remember(mail: AutomaticMail, now: number): void {
    if (!isAnswer(mail)) return;
    for (const { address } of mail.recipients) this.#options.automaticAnswers.add(mail.user, address, now);
  }

  #checkPlace({ user, recipients, inReplyTo }: AutomaticMail): void {
    if (recipients.some(({ kind }) => kind === "broadcast"))
      throw refusal("An automatic answer is not sent as a broadcast");
    const isChan = (one: AutomaticMailRecipient) =>
      one.kind === "msg" && this.#options.identities.get(user, one.address)?.chan;
    if (recipients.some(isChan)) throw refusal("An automatic answer is not sent to a chan");
    if (inReplyTo.some((id) => this.#isListMail(user, id)))
      throw refusal("What came from a chan or as a broadcast is not answered automatically");
  }

  #isListMail(user: string, messageId: string): boolean {
    const { mailboxes } = this.#options;
    return mailboxes.list(user).some(({ name, selectable }) => {
      if (!selectable || !(name.startsWith(`${CHANS}/`) || name.startsWith(`${SUBSCRIPTIONS}/`)))
        return false;
      const mailbox = mailboxes.find(user, name);
      return mailbox !== null && mailboxes.findByMessageId(mailbox, messageId).length > 0;
    });
  }
}

/** What a program says of itself, such as an alarm, is none. */
function isAnswer({ automation, inReplyTo }: AutomaticMail): boolean {
  return automation === "auto-replied" || (automation !== null && inReplyTo.length > 0);
}

function refusal(text: string): SmtpError {
  return new SmtpError(550, "5.7.1", text);
}
