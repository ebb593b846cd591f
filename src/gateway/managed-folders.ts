import { MessagingError } from "../bitmessage/messaging/messaging-error.js";
import { type Address, decodeAddress } from "../bitmessage/protocol/address.js";
import { ProtocolError } from "../bitmessage/protocol/errors.js";
import { ImapError } from "../mail/imap/error.js";
import { CHANS, type Folders, folderName, OUTBOX, SUBSCRIPTIONS } from "./mailboxes.js";
import type { Memberships } from "./memberships.js";
import type { MailboxStore } from "./ports.js";

/**
 * Folders that stand for something: making, renaming and deleting them does it (MAIL-MAPPING section 5). Within the running
 * transaction. Each returns whether it has taken care of the mailbox itself.
 */
export interface ManagedFolders {
  create(user: string, name: string): "done" | "ordinary";
  remove(user: string, name: string): void;
  rename(user: string, from: string, to: string): void;
}

export interface ManagedFoldersOptions {
  readonly folders: Folders;
  readonly mailboxes: MailboxStore;
  /** Null where folders cannot manage. */
  readonly memberships: Memberships | null;
}

export function createManagedFolders(options: ManagedFoldersOptions): ManagedFolders {
  return new FolderManagement(options);
}

type Kind = typeof CHANS | typeof SUBSCRIPTIONS;

class FolderManagement implements ManagedFolders {
  readonly #options: ManagedFoldersOptions;

  constructor(options: ManagedFoldersOptions) {
    this.#options = options;
  }

  create(user: string, name: string): "done" | "ordinary" {
    const managed = managedName(name);
    if (managed === null) return "ordinary";
    const { folders } = this.#options;
    const memberships = this.#memberships();
    const made =
      managed.kind === CHANS
        ? folders.ensureChan(inWords(() => this.#join(memberships, user, managed.child)))
        : folders.ensureSubscription(inWords(() => this.#follow(memberships, user, managed.child)));
    // The client expects the folder under the very name it gave.
    if (this.#options.mailboxes.find(user, name) !== made)
      throw cannot(`The folder would not be called ${managed.child}.`);
    return "done";
  }

  remove(user: string, name: string): void {
    if (name === OUTBOX) throw cannot("The Outbox cannot be deleted.");
    const { folders } = this.#options;
    const chan = folders.findChan(user, name);
    const subscription = folders.findSubscription(user, name);
    if (chan !== null) inWords(() => this.#memberships().leaveChan(chan.address));
    if (subscription !== null) inWords(() => this.#memberships().unfollow(subscription.address));
  }

  rename(user: string, from: string, to: string): void {
    const within = (name: string) =>
      [OUTBOX, CHANS, SUBSCRIPTIONS].find((top) => name === top || name.startsWith(`${top}/`));
    const source = within(from);
    const target = within(to);
    if (source === undefined && target === undefined) return;
    const fromName = managedName(from);
    const toName = managedName(to);
    if (source !== target || fromName === null || toName === null) {
      throw cannot(
        "Outbox, Chans and Subscriptions stay where they are; a folder in Chans or Subscriptions can get another name there.",
      );
    }
    this.#relabel(user, from, toName.child);
  }

  #relabel(user: string, from: string, label: string): void {
    const { folders } = this.#options;
    if (folderName(label) !== label)
      throw cannot("A folder of a chan or subscription cannot have that name.");
    const chan = folders.findChan(user, from);
    const subscription = folders.findSubscription(user, from);
    if (chan !== null) inWords(() => this.#memberships().labelChan(chan.address, label));
    if (subscription !== null)
      inWords(() => this.#memberships().labelSubscription(subscription.address, label));
  }

  #join(memberships: Memberships, user: string, passphrase: string) {
    if (folderName(passphrase) !== passphrase)
      throw cannot("A chan with that name cannot be joined by a folder; use bmbridge chan join.");
    return memberships.joinChan({ user, passphrase, label: passphrase });
  }

  #follow(memberships: Memberships, user: string, child: string) {
    return memberships.follow({ user, address: readAddress(child), label: child });
  }

  #memberships(): Memberships {
    const { memberships } = this.#options;
    if (memberships === null) throw cannot("Chans and subscriptions are managed with the command bmbridge.");
    return memberships;
  }
}

/** `Chans/name` or `Subscriptions/name`; null for every other name. */
function managedName(name: string): { readonly kind: Kind; readonly child: string } | null {
  const slash = name.indexOf("/");
  const kind = slash < 0 ? "" : name.slice(0, slash);
  if (kind !== CHANS && kind !== SUBSCRIPTIONS) return null;
  const child = name.slice(slash + 1);
  if (child.includes("/")) throw cannot(`There are no folders within folders of ${kind}.`);
  return { kind, child };
}

function readAddress(text: string): Address {
  try {
    return decodeAddress(text).address;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw cannot("Name the folder after the address to follow: Subscriptions/BM-...");
  }
}

function inWords<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof MessagingError) throw cannot(error.message);
    throw error;
  }
}

function cannot(text: string): ImapError {
  return new ImapError("NO", "CANNOT", text);
}
