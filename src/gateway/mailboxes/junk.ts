import type { ContactStore, IdentityStore } from "../../bitmessage/messaging/ports.js";
import { type Address, decodeAddress } from "../../bitmessage/protocol/address.js";
import { ProtocolError } from "../../bitmessage/protocol/errors.js";
import { flattenAddresses, parseAddressList } from "../../mail/mime/address.js";
import { findField, unfold } from "../../mail/mime/headers.js";
import { parseMime } from "../../mail/mime/parse.js";
import type { MailboxId, MailboxStore } from "../ports.js";
import { type Folders, JUNK, TRASH } from "./mailboxes.js";

/** Mail that somebody has copied or moved. */
export interface Filing {
  readonly user: string;
  readonly from: MailboxId;
  readonly to: MailboxId;
  /** The messages as they are in `to`. */
  readonly uids: readonly number[];
}

/**
 * Filing mail under Junk blocks its sender, taking it out again unblocks (MAIL-MAPPING section 5): by MOVE, and by COPY, which is how clients
 * without MOVE do it. Throwing junk away unblocks nobody, and what a client uploads blocks nobody: its sender is not proven.
 */
export interface Junk {
  /** Within the transaction that files it. */
  filed(filing: Filing): void;
}

export interface JunkOptions {
  readonly folders: Folders;
  readonly mailboxes: MailboxStore;
  readonly contacts: ContactStore;
  readonly identities: IdentityStore;
}

export function createJunk(options: JunkOptions): Junk {
  return new JunkFolder(options);
}

/** Blocks an address for a user, unless it is one of his own; true when it is blocked. */
export function block(
  { contacts, identities }: Pick<JunkOptions, "contacts" | "identities">,
  user: string,
  address: Address,
): boolean {
  if (identities.get(user, address) !== null) return false;
  const label = contacts.get(user, address)?.label ?? "";
  contacts.save({ user, address, label, blocked: true });
  return true;
}

/** An address that was only known as blocked is forgotten. */
export function unblock({ contacts }: Pick<JunkOptions, "contacts">, user: string, address: Address): void {
  const contact = contacts.get(user, address);
  if (contact === null) return;
  if (contact.label === "") contacts.remove(user, address);
  else contacts.save({ ...contact, blocked: false });
}

class JunkFolder implements Junk {
  readonly #options: JunkOptions;

  constructor(options: JunkOptions) {
    this.#options = options;
  }

  filed({ user, from, to, uids }: Filing): void {
    const { folders, contacts } = this.#options;
    if (from === to) return;
    const junk = folders.find(user, JUNK);
    if (to === junk) {
      for (const sender of this.#senders(to, uids)) block(this.#options, user, sender);
    } else if (from === junk && ![junk, folders.find(user, TRASH)].some((one) => this.#isWithin(to, one))) {
      for (const sender of this.#senders(to, uids)) {
        if (contacts.get(user, sender)?.blocked) unblock(this.#options, user, sender);
      }
    }
  }

  /** The folder itself, or one below it. */
  #isWithin(mailbox: MailboxId, top: MailboxId | null): boolean {
    if (top === null || mailbox === top) return mailbox === top;
    const { mailboxes } = this.#options;
    return mailboxes.nameOf(mailbox).startsWith(`${mailboxes.nameOf(top)}/`);
  }

  #senders(mailbox: MailboxId, uids: readonly number[]): ReadonlySet<Address> {
    const senders = new Set<Address>();
    for (const uid of uids) {
      const sender = readSender(this.#options.mailboxes.read(mailbox, uid));
      if (sender !== null) senders.add(sender);
    }
    return senders;
  }
}

/** Octets within which the fields stand that we have written ourselves. */
const HEADER_ROOM = 64 * 1024;

/** Whose mail it is, where it came over the network: such mail says so, and its From is proven. */
function readSender(bytes: Uint8Array | null): Address | null {
  if (bytes === null) return null;
  const root = parseMime(bytes.subarray(0, HEADER_ROOM));
  if (findField(root, "x-bitmessage-hash") === null) return null;
  const [from] = flattenAddresses(parseAddressList(unfold(findField(root, "from")?.value ?? "")));
  try {
    return decodeAddress(from?.local ?? "").address;
  } catch (error) {
    if (error instanceof ProtocolError) return null;
    throw error;
  }
}
