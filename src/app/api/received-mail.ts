/** A user's received messages, wherever among his mailboxes they are: what PyBitmessage keeps in its table inbox. */

import { BROADCAST_SUBSCRIBERS } from "../../gateway/importing/old-received.js";
import { type Folders, INBOX, JUNK, OUTBOX, SENT, TRASH } from "../../gateway/mailboxes/mailboxes.js";
import { readParts } from "../../gateway/outgoing/parts.js";
import type { MailboxId, MailboxStore } from "../../gateway/ports.js";
import { flattenAddresses, parseAddressList } from "../../mail/mime/address.js";
import { decodeEncodedWords, findField, unfold } from "../../mail/mime/headers.js";
import { type MimePart, parseMime } from "../../mail/mime/parse.js";

export interface ReceivedEntry {
  readonly mailbox: MailboxId;
  readonly uid: number;
  /** The inventory hash in hexadecimal. */
  readonly hash: string;
  /** Unix seconds. */
  readonly received: number;
  readonly seen: boolean;
}

/** What a message says, in PyBitmessage's words. */
export interface ReceivedText {
  readonly to: string;
  readonly from: string;
  readonly subject: string;
  readonly body: string;
  readonly encoding: number;
}

/** What never changes under a UID. */
interface Known {
  readonly hash: string;
  readonly received: number;
}

const HASH = /^X-Bitmessage-Hash:[ \t]*([0-9a-f]{64})[ \t]*\r?$/im;
/** Records read from the store at a time. */
const PORTION = 500;

export class ReceivedMail {
  /** What stands under the UIDs of a mailbox; null for mail that is no message: reports, and mail from elsewhere. */
  readonly #known = new Map<MailboxId, Map<number, Known | null>>();

  constructor(
    private readonly mailboxes: MailboxStore,
    private readonly folders: Folders,
  ) {}

  /** All but those in Trash and Junk, oldest first; each once. */
  list(user: string): ReceivedEntry[] {
    const unique = new Map(
      this.#copies(user)
        .reverse()
        .map((entry) => [entry.hash, entry]),
    );
    return [...unique.values()].sort((a, b) => a.received - b.received || a.uid - b.uid);
  }

  #copies(user: string): ReceivedEntry[] {
    const left = new Set([SENT, OUTBOX, JUNK, TRASH, "Drafts"].map((name) => this.folders.find(user, name)));
    return this.#selectable(user).flatMap((mailbox) => (left.has(mailbox) ? [] : this.#entries(mailbox)));
  }

  /** Also one in Trash or Junk; null when there is none. */
  find(user: string, hash: string): ReceivedEntry | null {
    const inPlace = this.list(user).find((entry) => entry.hash === hash);
    if (inPlace !== undefined) return inPlace;
    for (const name of [TRASH, JUNK]) {
      const mailbox = this.folders.find(user, name);
      const found = mailbox === null ? undefined : this.#entries(mailbox).find((one) => one.hash === hash);
      if (found !== undefined) return found;
    }
    return null;
  }

  /** Those in Trash, oldest first. */
  listTrashed(user: string): ReceivedEntry[] {
    const trash = this.folders.find(user, TRASH);
    return trash === null ? [] : this.#entries(trash).sort((a, b) => a.received - b.received);
  }

  read({ mailbox, uid }: ReceivedEntry): ReceivedText | null {
    const bytes = this.mailboxes.read(mailbox, uid);
    return bytes === null ? null : readReceived(bytes);
  }

  setSeen({ mailbox, uid }: ReceivedEntry, seen: boolean): void {
    const action = seen ? "add" : "remove";
    this.mailboxes.store(mailbox, [uid], { action, flags: ["\\Seen"] }, null);
  }

  /** Every copy that there is. */
  trash(user: string, hash: string): void {
    const trash = this.folders.ensure(user, TRASH);
    for (const entry of this.#copies(user))
      if (entry.hash === hash) this.mailboxes.move(entry.mailbox, [entry.uid], trash, null);
  }

  restore(user: string, hash: string): void {
    const trash = this.folders.find(user, TRASH);
    const found = trash === null ? undefined : this.#entries(trash).find((one) => one.hash === hash);
    if (trash !== null && found !== undefined)
      this.mailboxes.move(trash, [found.uid], this.folders.ensure(user, INBOX), null);
  }

  #selectable(user: string): MailboxId[] {
    return this.mailboxes
      .list(user)
      .filter(({ selectable }) => selectable)
      .map(({ name }) => this.mailboxes.find(user, name))
      .filter((mailbox) => mailbox !== null);
  }

  #entries(mailbox: MailboxId): ReceivedEntry[] {
    const { messages } = this.mailboxes.snapshot(mailbox, "read-only");
    const known = this.#learn(
      mailbox,
      messages.map(({ uid }) => uid),
    );
    return messages.flatMap(({ uid, flags }) => {
      const one = known.get(uid);
      if (!one || flags.includes("\\Deleted")) return [];
      return [{ mailbox, uid, ...one, seen: flags.includes("\\Seen") }];
    });
  }

  /** What stands under a UID never changes, so that it is read once. */
  #learn(mailbox: MailboxId, uids: readonly number[]): Map<number, Known | null> {
    const before = this.#known.get(mailbox) ?? new Map<number, Known | null>();
    const known = new Map(uids.map((uid) => [uid, before.get(uid) ?? null]));
    const unread = uids.filter((uid) => !before.has(uid));
    for (let at = 0; at < unread.length; at += PORTION) {
      for (const { uid, digest, internalDate } of this.mailboxes.records(
        mailbox,
        unread.slice(at, at + PORTION),
      )) {
        const hash = HASH.exec(digest.header ?? "")?.[1];
        if (hash !== undefined) known.set(uid, { hash: hash.toLowerCase(), received: internalDate.seconds });
      }
    }
    this.#known.set(mailbox, known);
    return known;
  }
}

const ENCODINGS: ReadonlyMap<string, number> = new Map([
  ["trivial", 1],
  ["simple", 2],
  ["extended", 3],
]);

function readReceived(bytes: Uint8Array): ReceivedText {
  const root = parseMime(bytes);
  const field = (name: string) => unfold(findField(root, name)?.value ?? "").trim();
  const from = addressIn(field("from"));
  const to = addressIn(field("to"));
  const isBroadcast =
    from === to && (field("list-post") === "NO" || findField(root, "x-bitmessage-claimed-from") !== null);
  const encoding = field("x-bitmessage-encoding");
  return {
    from,
    to: isBroadcast ? BROADCAST_SUBSCRIBERS : to,
    subject: decodeEncodedWords(field("subject")),
    body: bodyOf(bytes, root),
    encoding: ENCODINGS.get(encoding) ?? (Number(encoding) || 2),
  };
}

/** `BM-...` of `BM-...@domain`. */
function addressIn(value: string): string {
  return flattenAddresses(parseAddressList(value))[0]?.local ?? "";
}

/** The text; what stands beside it in files has no place in PyBitmessage's answers. */
export function bodyOf(bytes: Uint8Array, root: MimePart): string {
  try {
    // A mail's text ends with a line's end, whether the message did or not; most do not.
    return readParts(bytes, root).body.replace(/\n$/, "");
  } catch (error) {
    // A sender's own MIME entity that we would not carry ourselves.
    if (error instanceof Error && error.name === "SmtpError") return "";
    throw error;
  }
}
