import type { IdentityStore, SubscriptionStore } from "../bitmessage/messaging/ports.js";
import type { Identity, Subscription } from "../bitmessage/messaging/types.js";
import type { SpecialUse } from "../mail/imap/backend.js";
import { harmlessLine } from "./harmless.js";
import type { MailboxId, MailboxStore } from "./ports.js";

export const INBOX = "INBOX";
export const SENT = "Sent";
export const OUTBOX = "Outbox";
export const JUNK = "Junk";
export const TRASH = "Trash";
export const CHANS = "Chans";
export const SUBSCRIPTIONS = "Subscriptions";

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
  ensureChan(chan: Identity): MailboxId;
  ensureSubscription(subscription: Subscription): MailboxId;
  /** The chan whose folder it is, or null. */
  findChan(user: string, name: string): Identity | null;
  /** The subscription whose folder it is, or null. */
  findSubscription(user: string, name: string): Subscription | null;
}

export interface FoldersOptions {
  readonly mailboxes: MailboxStore;
  readonly identities: IdentityStore;
  readonly subscriptions: SubscriptionStore;
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
  readonly #options: FoldersOptions;

  constructor(options: FoldersOptions) {
    this.#options = options;
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

  ensureChan(chan: Identity): MailboxId {
    const names = namesOf(this.#chans(chan.user));
    return this.ensure(chan.user, `${CHANS}/${names.get(chan.address) ?? chan.address}`);
  }

  ensureSubscription(subscription: Subscription): MailboxId {
    const names = namesOf(this.#subscriptions(subscription.user));
    const name = names.get(subscription.address) ?? subscription.address;
    return this.ensure(subscription.user, `${SUBSCRIPTIONS}/${name}`);
  }

  findChan(user: string, name: string): Identity | null {
    const chans = this.#chans(user);
    const names = namesOf(chans);
    return chans.find((chan) => `${CHANS}/${names.get(chan.address)}` === name) ?? null;
  }

  findSubscription(user: string, name: string): Subscription | null {
    const subscriptions = this.#subscriptions(user);
    const names = namesOf(subscriptions);
    const isNamed = (address: string) => `${SUBSCRIPTIONS}/${names.get(address)}` === name;
    return subscriptions.find((subscription) => isNamed(subscription.address)) ?? null;
  }

  #chans(user: string): Identity[] {
    return this.#options.identities
      .list()
      .filter((identity) => identity.chan && identity.user === user)
      .sort((a, b) => a.created - b.created || compare(a.address, b.address));
  }

  #subscriptions(user: string): Subscription[] {
    return this.#options.subscriptions
      .list()
      .filter((subscription) => subscription.user === user)
      .sort((a, b) => compare(a.address, b.address));
  }
}

function specialUseOf(name: string): SpecialUse | undefined {
  return initialMailboxes.find((mailbox) => mailbox.name === name)?.specialUse;
}

/** Folder names by address; those with the same label (in any case) are numbered. */
function namesOf(
  entries: readonly { readonly address: string; readonly label: string }[],
): Map<string, string> {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  for (const { address, label } of entries) {
    const wanted = folderName(label) || address;
    let name = wanted;
    for (let number = 2; taken.has(name.toLowerCase()); number++) name = `${wanted} (${number})`;
    taken.add(name.toLowerCase());
    names.set(address, name);
  }
  return names;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
