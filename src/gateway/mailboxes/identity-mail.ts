import type { Transactions } from "../../bitmessage/messaging/ports.js";
import type { Address } from "../../bitmessage/protocol/address.js";
import type {
  AppendResult,
  MailboxInfo,
  MailboxListChange,
  MailboxListener,
  MailboxStatus,
  NewMessage,
  OpenMailbox,
  SpecialUse,
  UserMail,
} from "../../mail/imap/backend.js";
import { ImapError } from "../../mail/imap/error.js";
import type { MailboxId, MailboxStore } from "../ports.js";
import { createFilteredMailbox } from "./filtered-mailbox.js";
import { CHANS, type Folders, IDENTITIES, INBOX, SUBSCRIPTIONS } from "./mailboxes.js";

/** The user's mail, of which the identity's is shown. */
export interface WholeMail extends UserMail {
  /** As `openMailbox`, at once. */
  open(name: string, listener: MailboxListener, access: "read-write" | "read-only"): OpenMailbox | null;
}

export interface IdentityMailOptions {
  readonly user: string;
  readonly identity: Address;
  /** What is appended through it belongs to the identity. */
  readonly whole: WholeMail;
  readonly mailboxes: MailboxStore;
  readonly folders: Folders;
  readonly transactions: Transactions;
}

/**
 * What a login with an identity's address sees: the user's own mailboxes, and in each the messages that belong to the identity, no others.
 *
 * There is one store of mail and no second copy: each message keeps whose mail it is (the recipient's that it came in for, the sender's that
 * it was submitted by, the login's that appended it), and copies inherit it. A mailbox shown this way has the UIDs, UIDVALIDITY and
 * MODSEQs of the whole one, so they are as stable; UIDNEXT and HIGHESTMODSEQ may rise by mail that is not shown, as if it had come and
 * gone (RFC 9051 section 2.3.1.1, RFC 7162 section 3.1.1 allow that), and VANISHED (EARLIER) may name UIDs that were never shown, which
 * clients pass over. Counts are of what is shown. A message that was
 * \Recent to one login is not to another (RFC 9051 has no \Recent any more). OBJECTIDs are different from the whole one's, as the contents are.
 *
 * INBOX is the user's INBOX; in the split layout the identity's own mailbox under Identities. Chans, subscriptions and the inboxes of other
 * identities are not there. Folders are the user's: making or renaming one shows in every login, and one that holds mail of others is not
 * deleted.
 */
export function createIdentityMail(options: IdentityMailOptions): UserMail {
  return new IdentityMail(options);
}

class IdentityMail implements UserMail {
  readonly #options: IdentityMailOptions;
  readonly #inbox: MailboxId;
  /** Counting takes a fifth of a second where there are a hundred thousand messages, and clients ask again and again. */
  readonly #counted = new Map<MailboxId, { readonly whole: MailboxStatus; readonly own: MailboxStatus }>();

  constructor(options: IdentityMailOptions) {
    this.#options = options;
    const { user, identity, folders, transactions } = options;
    this.#inbox = transactions.run(() => folders.ensureInbox(user, identity));
  }

  async listMailboxes(): Promise<readonly MailboxInfo[]> {
    const all = await this.#options.whole.listMailboxes();
    return all.flatMap((info) => {
      const name = this.#shown(info.name);
      return name === null ? [] : [{ ...info, name, id: info.id && this.#objectId(info.id) }];
    });
  }

  async listSubscriptions(): Promise<readonly string[]> {
    const names = await this.#options.whole.listSubscriptions();
    return names.map((name) => this.#shown(name)).filter((name) => name !== null);
  }

  async setSubscription(name: string, state: "subscribed" | "unsubscribed"): Promise<void> {
    await this.#options.whole.setSubscription(this.#storedOrRefuse(name), state);
  }

  async createMailbox(name: string, options: { readonly specialUse?: SpecialUse }): Promise<void> {
    refuseInbox(name);
    await this.#options.whole.createMailbox(this.#storedOrRefuse(name), options);
  }

  async deleteMailbox(name: string): Promise<void> {
    const { mailboxes, whole } = this.#options;
    const stored = this.#storedOrRefuse(name);
    const mailbox = this.#find(name);
    if (mailbox !== null && mailboxes.status(mailbox).messages > this.#uids(mailbox).length)
      throw cannot("It holds mail of your other identities; log in with your user name to delete it.");
    await whole.deleteMailbox(stored);
  }

  async renameMailbox(from: string, to: string): Promise<void> {
    const { user, mailboxes, transactions, whole } = this.#options;
    refuseInbox(to);
    const target = this.#storedOrRefuse(to);
    if (from !== INBOX) return whole.renameMailbox(this.#storedOrRefuse(from), target);
    // RFC 9051 section 6.3.6: the messages go, INBOX stays; here those that are shown.
    transactions.run(() => {
      mailboxes.move(this.#inbox, this.#uids(this.#inbox), mailboxes.create(user, target, {}), null);
    });
  }

  async status(name: string): Promise<MailboxStatus | null> {
    const mailbox = this.#find(name);
    if (mailbox === null) return null;
    const whole = this.#options.mailboxes.status(mailbox);
    const known = this.#counted.get(mailbox);
    // Whatever changes a count changes one of these two.
    if (known?.whole.highestModSeq === whole.highestModSeq && known.whole.recent === whole.recent)
      return known.own;
    const own = this.#count(mailbox, whole);
    this.#counted.set(mailbox, { whole, own });
    return own;
  }

  #count(mailbox: MailboxId, whole: MailboxStatus): MailboxStatus {
    const { mailboxes, identity } = this.#options;
    const sized = mailboxes.ofIdentity(mailbox, identity, 1);
    const uids = new Set(sized.map(({ uid }) => uid));
    const { messages, recentFrom } = mailboxes.snapshot(mailbox, "read-only");
    const own = messages.filter(({ uid }) => uids.has(uid));
    return {
      ...whole,
      messages: own.length,
      recent: own.filter(({ uid }) => uid >= recentFrom).length,
      unseen: own.filter(({ flags }) => !flags.includes("\\Seen")).length,
      deleted: own.filter(({ flags }) => flags.includes("\\Deleted")).length,
      size: sized.reduce((sum, { size }) => sum + size, 0),
      id: this.#objectId(whole.id),
    };
  }

  async openMailbox(
    name: string,
    listener: MailboxListener,
    access: "read-write" | "read-only",
  ): Promise<OpenMailbox | null> {
    const { mailboxes, identity, whole } = this.#options;
    const stored = this.#stored(name);
    const mailbox = this.#find(name);
    if (stored === null || mailbox === null) return null;
    return createFilteredMailbox({
      open: (hear) => whole.open(stored, hear, access),
      ownFrom: (uid) => mailboxes.ofIdentity(mailbox, identity, uid).map((one) => one.uid),
      objectId: (id) => this.#objectId(id),
      stored: (destination) => this.#stored(destination),
      listener,
    });
  }

  async append(name: string, messages: readonly NewMessage[]): Promise<AppendResult | null> {
    const stored = this.#stored(name);
    return stored === null ? null : this.#options.whole.append(stored, messages);
  }

  watch(listener: (change: MailboxListChange) => void): () => void {
    return this.#options.whole.watch((change) => {
      const shown = this.#shownChange(change);
      if (shown !== null) listener(shown);
    });
  }

  close(): void {
    this.#options.whole.close();
  }

  #shownChange({ type, name, oldName }: MailboxListChange): MailboxListChange | null {
    const shown = this.#shown(name);
    if (type !== "renamed" || oldName === undefined) return shown === null ? null : { type, name: shown };
    // The identity has a new label: to this login its mailbox is called INBOX as before.
    if (shown === INBOX) return null;
    const oldShown = this.#shown(oldName);
    if (shown !== null && oldShown !== null) return { type, name: shown, oldName: oldShown };
    if (shown !== null) return { type: "created", name: shown };
    return oldShown === null ? null : { type: "deleted", name: oldShown };
  }

  /** The name under which this login sees it; null when it does not. */
  #shown(stored: string): string | null {
    if (stored === this.#inboxName()) return INBOX;
    return this.#isHidden(stored) ? null : stored;
  }

  #stored(shown: string): string | null {
    if (shown === INBOX) return this.#inboxName();
    return this.#isHidden(shown) ? null : shown;
  }

  #isHidden(name: string): boolean {
    const top = name.split("/", 1)[0];
    if (top === CHANS || top === SUBSCRIPTIONS) return true;
    return this.#options.folders.layout === "split" && (name === INBOX || top === IDENTITIES);
  }

  #inboxName(): string {
    return this.#options.mailboxes.nameOf(this.#inbox);
  }

  #storedOrRefuse(shown: string): string {
    const stored = this.#stored(shown);
    if (stored === null)
      throw cannot("Chans, subscriptions and other identities belong to the login with your user name.");
    return stored;
  }

  #find(shown: string): MailboxId | null {
    const { mailboxes, user } = this.#options;
    const stored = this.#stored(shown);
    return stored === null ? null : mailboxes.find(user, stored);
  }

  #uids(mailbox: MailboxId): number[] {
    const { mailboxes, identity } = this.#options;
    return mailboxes.ofIdentity(mailbox, identity, 1).map(({ uid }) => uid);
  }

  #objectId(id: string): string {
    return `${id}-${this.#options.identity}`;
  }
}

/** There is one, whatever it is called where it is kept. */
function refuseInbox(name: string): void {
  if (name === INBOX) throw new ImapError("NO", "ALREADYEXISTS", "There is a mailbox of that name already.");
}

function cannot(text: string): ImapError {
  return new ImapError("NO", "CANNOT", text);
}
