import type { Identities } from "../bitmessage/messaging/identities.js";
import { MessagingError } from "../bitmessage/messaging/messaging-error.js";
import type { Subscriptions } from "../bitmessage/messaging/subscriptions.js";
import type { Identity, Subscription } from "../bitmessage/messaging/types.js";
import { type Address, decodeAddress } from "../bitmessage/protocol/address.js";
import { ProtocolError } from "../bitmessage/protocol/errors.js";
import { ImapError } from "../mail/imap/error.js";
import { CHANS, type Folders, folderName, OUTBOX, SUBSCRIPTIONS } from "./mailboxes.js";
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
  readonly identities: Pick<Identities, "joinChan" | "leaveChan" | "setLabel">;
  readonly subscriptions: Pick<Subscriptions, "add" | "remove" | "setLabel">;
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
    const { folders, mailboxes } = this.#options;
    const made =
      managed.kind === CHANS
        ? folders.ensureChan(this.#join(user, managed.child))
        : folders.ensureSubscription(this.#follow(user, managed.child));
    // The client expects the folder under the very name it gave.
    if (mailboxes.find(user, name) !== made) {
      throw cannot(`The folder would not be called ${managed.child}; use the command bmbridge.`);
    }
    return "done";
  }

  remove(user: string, name: string): void {
    if (name === OUTBOX) throw cannot("The Outbox cannot be deleted.");
    const { folders, identities, subscriptions } = this.#options;
    const chan = folders.findChan(user, name);
    const subscription = folders.findSubscription(user, name);
    if (chan !== null) inWords(() => identities.leaveChan(user, chan.address));
    if (subscription !== null) inWords(() => subscriptions.remove(user, subscription.address));
  }

  rename(user: string, from: string, to: string): void {
    const source = managedTop(from);
    const target = managedTop(to);
    if (source === null && target === null) return;
    const fromName = managedName(from);
    const toName = managedName(to);
    if (source !== target || fromName === null || toName === null) {
      throw cannot("Outbox, Chans and Subscriptions, and what is in them, stay where they are.");
    }
    this.#relabel(user, from, toName.child);
  }

  #relabel(user: string, from: string, label: string): void {
    const { folders, identities, subscriptions } = this.#options;
    if (folderName(label) !== label)
      throw cannot("The folder of a chan or subscription cannot have that name.");
    const chan = folders.findChan(user, from);
    const subscription = folders.findSubscription(user, from);
    if (chan !== null) inWords(() => identities.setLabel(user, chan.address, label));
    if (subscription !== null) inWords(() => subscriptions.setLabel(user, subscription.address, label));
  }

  #join(user: string, passphrase: string): Identity {
    if (folderName(passphrase) !== passphrase) {
      throw cannot("A chan of that name cannot be joined by making a folder; use bmbridge chan join.");
    }
    return inWords(() => this.#options.identities.joinChan({ user, passphrase, label: passphrase }));
  }

  #follow(user: string, child: string): Subscription {
    const { subscriptions } = this.#options;
    const address = readAddress(child);
    return inWords(() => subscriptions.add({ user, address, label: child }));
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

/** The managed folder that it is, or is in. */
function managedTop(name: string): string | null {
  return [OUTBOX, CHANS, SUBSCRIPTIONS].find((top) => name === top || name.startsWith(`${top}/`)) ?? null;
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
