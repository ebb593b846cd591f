import type { Identities } from "../../bitmessage/messaging/identities.js";
import { MessagingError } from "../../bitmessage/messaging/messaging-error.js";
import type { Subscriptions } from "../../bitmessage/messaging/subscriptions.js";
import type { Identity, Subscription } from "../../bitmessage/messaging/types.js";
import { type Address, decodeAddress } from "../../bitmessage/protocol/address.js";
import { ProtocolError } from "../../bitmessage/protocol/errors.js";
import { ImapError } from "../../mail/imap/error.js";
import type { MailboxId, MailboxStore } from "../ports.js";
import {
  CHANS,
  type Folders,
  folderName,
  IDENTITIES,
  type Layout,
  OUTBOX,
  SUBSCRIPTIONS,
  TRASH,
} from "./mailboxes.js";

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

type Kind = typeof CHANS | typeof SUBSCRIPTIONS | typeof IDENTITIES;

class FolderManagement implements ManagedFolders {
  readonly #options: ManagedFoldersOptions;

  constructor(options: ManagedFoldersOptions) {
    this.#options = options;
  }

  create(user: string, name: string): "done" | "ordinary" {
    const { folders, mailboxes } = this.#options;
    const managed = managedName(name, folders.layout);
    if (managed === null) return "ordinary";
    if (managed.kind === IDENTITIES)
      throw cannot("An identity is not made by making a folder; use bmbridge identity create.");
    const { label, mailbox: made } = this.#make(user, managed);
    const called = mailboxes.nameOf(made);
    // Left or stopped earlier, its folder has stayed, under the label of that time.
    if (label === managed.child && called !== name && mailboxes.find(user, name) === null)
      mailboxes.rename(user, called, name);
    // The client expects the folder under the very name it gave.
    if (mailboxes.find(user, name) !== made) {
      throw cannot(`The folder would not be called ${managed.child}; use the command bmbridge.`);
    }
    return "done";
  }

  #make(user: string, { kind, child }: ManagedName): { readonly label: string; readonly mailbox: MailboxId } {
    const { folders } = this.#options;
    if (kind === CHANS) {
      const chan = this.#join(user, child);
      return { label: chan.label, mailbox: folders.ensureChan(chan) };
    }
    const subscription = this.#follow(user, child);
    return { label: subscription.label, mailbox: folders.ensureSubscription(subscription) };
  }

  remove(user: string, name: string): void {
    if (name === OUTBOX) throw cannot("The Outbox cannot be deleted.");
    const { folders, identities, subscriptions } = this.#options;
    if (folders.findIdentity(user, name) !== null)
      throw cannot("It is the INBOX of an identity and goes with it: bmbridge identity remove.");
    const chan = folders.findChan(user, name);
    const subscription = folders.findSubscription(user, name);
    if (chan !== null) inWords(() => identities.leaveChan(user, chan.address));
    if (subscription !== null) inWords(() => subscriptions.remove(user, subscription.address));
  }

  rename(user: string, from: string, to: string): void {
    const { layout } = this.#options.folders;
    const source = managedTop(from, layout);
    const target = managedTop(to, layout);
    if (source === null && target === null) return;
    const fromName = managedName(from, layout);
    const toName = managedName(to, layout);
    // How Thunderbird deletes a folder: its mail goes along into the Trash, as in the ordinary case.
    if (fromName !== null && fromName.kind !== IDENTITIES && this.#isInTrash(user, to)) {
      this.remove(user, from);
      return;
    }
    if (source !== target || fromName === null || toName === null) {
      const tops =
        layout === "split"
          ? "Outbox, Chans, Subscriptions and Identities"
          : "Outbox, Chans and Subscriptions";
      throw cannot(`${tops}, and what is in them, stay where they are.`);
    }
    this.#relabel(user, from, toName.child);
  }

  #isInTrash(user: string, name: string): boolean {
    const { folders, mailboxes } = this.#options;
    const trash = folders.find(user, TRASH);
    return trash !== null && name.startsWith(`${mailboxes.nameOf(trash)}/`);
  }

  #relabel(user: string, from: string, label: string): void {
    const { folders, identities, subscriptions } = this.#options;
    if (folderName(label) !== label)
      throw cannot("The folder of a chan, subscription or identity cannot have that name.");
    const chan = folders.findChan(user, from);
    const subscription = folders.findSubscription(user, from);
    const labelled = chan ?? folders.findIdentity(user, from);
    if (labelled !== null) inWords(() => identities.setLabel(user, labelled.address, label));
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

interface ManagedName {
  readonly kind: Kind;
  readonly child: string;
}

const kinds: Readonly<Record<Layout, readonly Kind[]>> = {
  combined: [CHANS, SUBSCRIPTIONS],
  split: [CHANS, SUBSCRIPTIONS, IDENTITIES],
};

/** `Chans/name`, `Subscriptions/name`, or `Identities/name` in the split layout; null for every other name. */
function managedName(name: string, layout: Layout): ManagedName | null {
  const slash = name.indexOf("/");
  const kind = kinds[layout].find((one) => slash > 0 && one === name.slice(0, slash));
  if (kind === undefined) return null;
  const child = name.slice(slash + 1);
  if (child.includes("/")) throw cannot(`There are no folders within folders of ${kind}.`);
  return { kind, child };
}

/** The managed folder that it is, or is in. */
function managedTop(name: string, layout: Layout): string | null {
  return [OUTBOX, ...kinds[layout]].find((top) => name === top || name.startsWith(`${top}/`)) ?? null;
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
