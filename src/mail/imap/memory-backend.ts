/** A complete backend that keeps everything in memory: for tests, for examples, and as the reference of the contract. */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { AuthenticatedUser, Credentials, ScramKeys, ScramLogin } from "../sasl.js";
import { deriveScramKeys, inventScramKeys } from "../scram.js";
import type {
  AppendResult,
  Backend,
  MailboxInfo,
  MailboxListChange,
  MailboxListener,
  MailboxStatus,
  NewMessage,
  OpenMailbox,
  SpecialUse,
  UserMail,
} from "./backend.js";
import { ImapError } from "./error.js";
import { DELIMITER, parentsOf } from "./mailbox-name.js";
import { MemoryMailbox, MemoryOpenMailbox } from "./memory-mailbox.js";

export interface MemoryBackendOptions {
  /** Names and passwords. */
  readonly users: Readonly<Record<string, string>>;
  /** Unix seconds. */
  readonly now?: () => number;
}

/** The least that RFC 7677 allows. */
const SCRAM_ITERATIONS = 4096;

const FIRST_MAILBOXES: readonly (readonly [string, SpecialUse | undefined])[] = [
  ["INBOX", undefined],
  ["Drafts", "\\Drafts"],
  ["Sent", "\\Sent"],
  ["Archive", "\\Archive"],
  ["Junk", "\\Junk"],
  ["Trash", "\\Trash"],
];

export class MemoryBackend implements Backend {
  readonly #passwords: ReadonlyMap<string, string>;
  readonly #accounts = new Map<string, MemoryAccount>();
  readonly #scramKeys = new Map<string, Promise<ScramKeys>>();
  readonly #secret = randomBytes(32);
  readonly #now: () => number;

  constructor(options: MemoryBackendOptions) {
    this.#passwords = new Map(Object.entries(options.users));
    this.#now = options.now ?? (() => Math.floor(Date.now() / 1000));
  }

  async authenticate({ username, password }: Credentials): Promise<AuthenticatedUser | null> {
    const expected = this.#passwords.get(username);
    const equal = timingSafeEqual(digestOf(password), digestOf(expected ?? ""));
    return equal && expected !== undefined ? { name: username } : null;
  }

  async scram(username: string): Promise<ScramLogin> {
    const password = this.#passwords.get(username);
    if (password === undefined) {
      const keys = inventScramKeys(this.#secret, username, SCRAM_ITERATIONS);
      return { keys, conclude: async () => null };
    }
    const keys = this.#scramKeys.get(username) ?? deriveScramKeys(password, SCRAM_ITERATIONS);
    this.#scramKeys.set(username, keys);
    return {
      keys: await keys,
      conclude: async (proof) => (proof === "right" ? { name: username } : null),
    };
  }

  async openUser(user: AuthenticatedUser): Promise<UserMail> {
    let account = this.#accounts.get(user.name);
    if (!account) {
      account = new MemoryAccount(this.#now);
      this.#accounts.set(user.name, account);
    }
    return new MemoryUserMail(account);
  }
}

function digestOf(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}

/** The mail of one user, shared by his sessions. */
class MemoryAccount {
  readonly mailboxes = new Map<string, MemoryMailbox>();
  readonly subscriptions = new Set<string>();
  readonly watchers = new Set<(change: MailboxListChange) => void>();
  #lastUidValidity: number;
  #lastId = 0;

  constructor(readonly now: () => number) {
    this.#lastUidValidity = now();
    for (const [name, specialUse] of FIRST_MAILBOXES) {
      this.add(name, specialUse);
      this.subscriptions.add(name);
    }
  }

  add(name: string, specialUse: SpecialUse | undefined): MemoryMailbox {
    this.#lastUidValidity += 1;
    this.#lastId += 1;
    const mailbox = new MemoryMailbox(this.#lastUidValidity, `m${this.#lastId}`, specialUse, this);
    this.mailboxes.set(name, mailbox);
    this.tell({ type: "created", name });
    return mailbox;
  }

  nextEmailId(): string {
    this.#lastId += 1;
    return `e${this.#lastId}`;
  }

  nameOf(mailbox: MemoryMailbox): string {
    for (const [name, one] of this.mailboxes) if (one === mailbox) return name;
    return "";
  }

  tell(change: MailboxListChange): void {
    for (const watcher of [...this.watchers]) watcher(change);
  }
}

class MemoryUserMail implements UserMail {
  readonly #open = new Set<MemoryOpenMailbox>();
  readonly #watchers = new Set<(change: MailboxListChange) => void>();

  constructor(private readonly account: MemoryAccount) {}

  async listMailboxes(): Promise<readonly MailboxInfo[]> {
    return [...this.account.mailboxes].map(([name, { id, specialUse }]) => ({
      name,
      selectable: true,
      id,
      ...(specialUse ? { specialUse } : {}),
    }));
  }

  async listSubscriptions(): Promise<readonly string[]> {
    return [...this.account.subscriptions];
  }

  async setSubscription(name: string, state: "subscribed" | "unsubscribed"): Promise<void> {
    if (state === "subscribed") this.account.subscriptions.add(name);
    else this.account.subscriptions.delete(name);
    this.account.tell({ type: state, name });
  }

  async createMailbox(name: string, { specialUse }: { readonly specialUse?: SpecialUse }): Promise<void> {
    const { mailboxes } = this.account;
    if (mailboxes.has(name)) throw new ImapError("NO", "ALREADYEXISTS", "A mailbox of that name exists.");
    if (specialUse && [...mailboxes.values()].some((mailbox) => mailbox.specialUse === specialUse)) {
      throw new ImapError("NO", "USEATTR", "Another mailbox has that use.");
    }
    for (const parent of parentsOf(name)) if (!mailboxes.has(parent)) this.account.add(parent, undefined);
    this.account.add(name, specialUse);
  }

  async deleteMailbox(name: string): Promise<void> {
    const mailbox = this.#existing(name);
    this.account.mailboxes.delete(name);
    mailbox.tellDeleted();
    this.account.tell({ type: "deleted", name });
  }

  async renameMailbox(from: string, to: string): Promise<void> {
    const { mailboxes } = this.account;
    const below = [...mailboxes.keys()].filter((name) => name.startsWith(from + DELIMITER));
    if (below.length === 0) this.#existing(from);
    if (mailboxes.has(to)) throw new ImapError("NO", "ALREADYEXISTS", "A mailbox of that name exists.");
    for (const parent of parentsOf(to)) if (!mailboxes.has(parent)) this.account.add(parent, undefined);
    if (from === "INBOX") {
      mailboxes.get("INBOX")?.moveAllTo(this.account.add(to, undefined));
      return;
    }
    for (const name of [from, ...below]) {
      const mailbox = mailboxes.get(name);
      if (!mailbox) continue;
      const newName = to + name.slice(from.length);
      mailboxes.delete(name);
      mailboxes.set(newName, mailbox);
      this.account.tell({ type: "renamed", name: newName, oldName: name });
    }
  }

  async status(name: string): Promise<MailboxStatus | null> {
    return this.account.mailboxes.get(name)?.status() ?? null;
  }

  async openMailbox(
    name: string,
    listener: MailboxListener,
    access: "read-write" | "read-only",
  ): Promise<OpenMailbox | null> {
    const mailbox = this.account.mailboxes.get(name);
    if (!mailbox) return null;
    const find = (destination: string): MemoryMailbox | null =>
      this.account.mailboxes.get(destination) ?? null;
    const handle = new MemoryOpenMailbox(mailbox, listener, access, find, () => this.#open.delete(handle));
    this.#open.add(handle);
    return handle;
  }

  async append(name: string, messages: readonly NewMessage[]): Promise<AppendResult | null> {
    const mailbox = this.account.mailboxes.get(name);
    if (!mailbox) return null;
    return { uidValidity: mailbox.uidValidity, uids: mailbox.append(messages) };
  }

  watch(listener: (change: MailboxListChange) => void): () => void {
    // A function of its own for each call: the same listener may be given twice.
    const watcher = (change: MailboxListChange): void => listener(change);
    this.#watchers.add(watcher);
    this.account.watchers.add(watcher);
    return () => {
      this.#watchers.delete(watcher);
      this.account.watchers.delete(watcher);
    };
  }

  close(): void {
    for (const handle of [...this.#open]) handle.close();
    for (const watcher of this.#watchers) this.account.watchers.delete(watcher);
  }

  #existing(name: string): MemoryMailbox {
    const mailbox = this.account.mailboxes.get(name);
    if (!mailbox) throw new ImapError("NO", "NONEXISTENT", "There is no such mailbox.");
    return mailbox;
  }
}
