import type { IdentityStore, SubscriptionStore } from "../../bitmessage/messaging/ports.js";
import type { Identity, Subscription } from "../../bitmessage/messaging/types.js";
import type { Address } from "../../bitmessage/protocol/address.js";
import type { SpecialUse } from "../../mail/imap/backend.js";
import { harmlessLine } from "../forms/harmless.js";
import type { MailboxId, MailboxPurpose, MailboxStore } from "../ports.js";

export const INBOX = "INBOX";
export const SENT = "Sent";
export const OUTBOX = "Outbox";
export const JUNK = "Junk";
export const TRASH = "Trash";
export const CHANS = "Chans";
export const SUBSCRIPTIONS = "Subscriptions";
export const IDENTITIES = "Identities";

/** Whether all identities share INBOX, or each has a mailbox of its own (MAIL-MAPPING section 5). */
export type Layout = "combined" | "split";

/** MAIL-MAPPING section 5. */
const initialMailboxes: readonly { readonly name: string; readonly specialUse?: SpecialUse }[] = [
  { name: INBOX },
  { name: SENT, specialUse: "\\Sent" },
  { name: OUTBOX },
  { name: "Drafts", specialUse: "\\Drafts" },
  { name: "Archive", specialUse: "\\Archive" },
  { name: JUNK, specialUse: "\\Junk" },
  { name: TRASH, specialUse: "\\Trash" },
];

/** Which mailboxes there are, apart from those that people make. */
export interface Folders {
  /** Makes those that every user has, where they are missing. */
  ensureInitial(user: string): void;
  /** The mailbox of that name, or the one that has its special use under another name; null when there is none. */
  find(user: string, name: string): MailboxId | null;
  /** The same; made, and subscribed, when it is missing. */
  ensure(user: string, name: string): MailboxId;
  readonly layout: Layout;
  /** Where messages to that identity come in: INBOX, or in the split layout its own mailbox. */
  ensureInbox(user: string, identity: Address): MailboxId;
  ensureChan(chan: Identity): MailboxId;
  ensureSubscription(subscription: Subscription): MailboxId;
  /**
   * Every chan and subscription has its mailbox, called by its label, and in the split layout every identity. Numbered where labels are
   * the same. What a mailbox is for is kept with it, so that it is found under whatever name.
   */
  followLabels(): void;
  /** The identity whose inbox it is in the split layout, or null. */
  findIdentity(user: string, name: string): Identity | null;
  /** The chan whose folder it is, or null. */
  findChan(user: string, name: string): Identity | null;
  /** The subscription whose folder it is, or null. */
  findSubscription(user: string, name: string): Subscription | null;
}

export interface FoldersOptions {
  readonly mailboxes: MailboxStore;
  readonly identities: IdentityStore;
  readonly subscriptions: SubscriptionStore;
  readonly layout: Layout;
}

const tops: Readonly<Record<MailboxPurpose["kind"], string>> = {
  chan: CHANS,
  subscription: SUBSCRIPTIONS,
  identity: IDENTITIES,
};

/** A chan, a subscription or an identity. */
interface Labelled {
  readonly user: string;
  readonly address: Address;
  readonly label: string;
}

export function createFolders(options: FoldersOptions): Folders {
  return new StoredFolders(options);
}

/** A label as a folder's name: on one level, without wildcards. Empty when nothing is left. */
export function folderName(label: string): string {
  return harmlessLine(label, 100)
    .normalize("NFC")
    .replace(/[/\\%*"]/g, "-")
    .replace(/^#/, "-");
}

class StoredFolders implements Folders {
  readonly layout: Layout;
  readonly #options: FoldersOptions;

  constructor(options: FoldersOptions) {
    this.#options = options;
    this.layout = options.layout;
  }

  ensureInitial(user: string): void {
    for (const { name } of initialMailboxes) this.ensure(user, name);
  }

  find(user: string, name: string): MailboxId | null {
    const { mailboxes } = this.#options;
    const found = mailboxes.find(user, name);
    const specialUse = specialUseOf(name);
    if (found !== null || specialUse === undefined) return found;
    const renamed = mailboxes.list(user).find((mailbox) => mailbox.specialUse === specialUse);
    return renamed === undefined ? null : mailboxes.find(user, renamed.name);
  }

  ensure(user: string, name: string): MailboxId {
    const found = this.find(user, name);
    if (found !== null) return found;
    const specialUse = specialUseOf(name);
    const use = specialUse === undefined ? {} : { specialUse };
    return this.#options.mailboxes.create(user, name, { ...use, subscribed: "subscribed" });
  }

  ensureInbox(user: string, address: Address): MailboxId {
    const { identities } = this.#options;
    const identity = this.layout === "split" ? identities.get(user, address) : null;
    return identity === null ? this.ensure(user, INBOX) : this.#ensureFor("identity", identity);
  }

  ensureChan(chan: Identity): MailboxId {
    return this.#ensureFor("chan", chan);
  }

  ensureSubscription(subscription: Subscription): MailboxId {
    return this.#ensureFor("subscription", subscription);
  }

  followLabels(): void {
    const { identities, subscriptions } = this.#options;
    for (const identity of identities.list()) {
      if (identity.chan) this.#follow("chan", identity);
      else if (this.layout === "split") this.#follow("identity", identity);
    }
    for (const subscription of subscriptions.list()) this.#follow("subscription", subscription);
  }

  findIdentity(user: string, name: string): Identity | null {
    if (this.layout !== "split") return null;
    const address = this.#addressOf(user, name, "identity");
    return address && this.#options.identities.get(user, address);
  }

  findChan(user: string, name: string): Identity | null {
    const address = this.#addressOf(user, name, "chan");
    return address && this.#options.identities.get(user, address);
  }

  findSubscription(user: string, name: string): Subscription | null {
    const address = this.#addressOf(user, name, "subscription");
    return address && this.#options.subscriptions.get(user, address);
  }

  #addressOf(user: string, name: string, kind: MailboxPurpose["kind"]): Address | null {
    const { mailboxes } = this.#options;
    const mailbox = mailboxes.find(user, name);
    const purpose = mailbox && mailboxes.purposeOf(mailbox);
    return purpose?.kind === kind ? purpose.address : null;
  }

  #ensureFor(kind: MailboxPurpose["kind"], labelled: Labelled): MailboxId {
    const { mailboxes } = this.#options;
    const { user, address } = labelled;
    const found = mailboxes.findByPurpose(user, { kind, address });
    if (found !== null) return found;
    const name = this.#freeName(kind, labelled, "adopt");
    const mailbox = this.ensure(user, name);
    mailboxes.setPurpose(mailbox, { kind, address });
    return mailbox;
  }

  #follow(kind: MailboxPurpose["kind"], labelled: Labelled): void {
    const { mailboxes } = this.#options;
    const name = mailboxes.nameOf(this.#ensureFor(kind, labelled));
    const wanted = wantedName(kind, labelled);
    const isNumbered = name.startsWith(`${wanted} (`) && /^\d+\)$/.test(name.slice(wanted.length + 2));
    if (name !== wanted && !isNumbered)
      this.#rename(labelled.user, name, this.#freeName(kind, labelled, "new"));
  }

  /** With its subscription, which a client's RENAME would leave behind. */
  #rename(user: string, from: string, to: string): void {
    const { mailboxes } = this.#options;
    const isSubscribed = mailboxes.subscriptions(user).includes(from);
    mailboxes.rename(user, from, to);
    if (!isSubscribed) return;
    mailboxes.setSubscription(user, from, "unsubscribed");
    mailboxes.setSubscription(user, to, "subscribed");
  }

  /** Names that differ in case only count as one. `adopt`: a mailbox of that name that is for nothing else will do. */
  #freeName(kind: MailboxPurpose["kind"], labelled: Labelled, existing: "adopt" | "new"): string {
    const { mailboxes } = this.#options;
    const { user } = labelled;
    const wanted = wantedName(kind, labelled);
    const taken = new Set(mailboxes.list(user).map(({ name }) => name.toLowerCase()));
    for (let number = 1; ; number++) {
      const name = number === 1 ? wanted : `${wanted} (${number})`;
      const mailbox = existing === "adopt" ? mailboxes.find(user, name) : null;
      if (mailbox === null ? !taken.has(name.toLowerCase()) : mailboxes.purposeOf(mailbox) === null)
        return name;
    }
  }
}

function wantedName(kind: MailboxPurpose["kind"], { label, address }: Labelled): string {
  return `${tops[kind]}/${folderName(label) || address}`;
}

function specialUseOf(name: string): SpecialUse | undefined {
  return initialMailboxes.find((mailbox) => mailbox.name === name)?.specialUse;
}
