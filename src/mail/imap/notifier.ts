/** Tells a client that has said NOTIFY SET of what happens to its other mailboxes (RFC 5465), between its commands. */
import type { MailboxListChange, MailboxStatus, UserMail } from "./backend.js";
import { fetchMessages } from "./commands/fetch.js";
import { formatStatus } from "./commands/status.js";
import { formatMailbox } from "./format.js";
import { DELIMITER, parentsOf } from "./mailbox-name.js";
import { attributesOf, buildMailboxTree, type MailboxNode } from "./mailbox-tree.js";
import { isFiltered, type MailboxEvent, NOTHING, type NotifyRequest } from "./notify-request.js";
import type { Session } from "./session.js";
import type { MessageEvent } from "./view.js";

/** Changes of names, and mailboxes with changes, that may wait for a client that does not read. */
const MOST_WAITING = 1000;

type NameChange = MailboxListChange & { readonly type: Exclude<MailboxListChange["type"], "status"> };

export class Notifier {
  /** Names of mailboxes whose numbers have changed. */
  #statuses = new Set<string>();
  #names: NameChange[] = [];
  /** As the client knows them. */
  readonly #told = new Map<string, MailboxStatus>();
  #overflown = false;
  readonly #stop: () => void;

  constructor(
    private readonly session: Session,
    private readonly mail: UserMail,
    private request: NotifyRequest,
  ) {
    this.#stop = request.groups.length === 0 ? () => {} : mail.watch((change) => this.#receive(change));
  }

  get selected(): NotifyRequest["selected"] {
    return this.request.selected;
  }

  /** Learns the numbers of the mailboxes that are watched; tells them when the client asks for STATUS. */
  async begin(answer: "status" | "no-status"): Promise<void> {
    const subscriptions = new Set(await this.mail.listSubscriptions());
    for (const { name, selectable } of await this.mail.listMailboxes()) {
      if (!selectable || this.session.connection.closed) continue;
      const events = this.#messageEvents(name, subscriptions);
      if (events.size === 0) continue;
      const status = await this.mail.status(name);
      if (!status) continue;
      this.#told.set(name, status);
      if (answer === "status" && name !== this.session.selected?.name) {
        const items = ["MESSAGES", "UIDNEXT", "UIDVALIDITY"];
        if (events.has("FlagChange")) items.push("HIGHESTMODSEQ");
        this.session.out.line(formatStatus(this.session, name, items, status));
      }
      await this.session.out.ready();
    }
  }

  /** Tells what waits. */
  async deliver(): Promise<void> {
    const { session } = this;
    if (this.#overflown) {
      this.#overflown = false;
      session.out.line("* OK [NOTIFICATIONOVERFLOW] Too much has happened; ask again.");
    }
    await this.#tellNewMessages();
    if (this.#names.length === 0 && this.#statuses.size === 0) return;
    const subscriptions = new Set(await this.mail.listSubscriptions());
    const names = this.#names;
    const statuses = this.#statuses;
    this.#names = [];
    this.#statuses = new Set();
    if (names.length > 0) await this.#tellNames(names, subscriptions);
    for (const name of statuses) {
      await this.#tellStatus(name, subscriptions);
      await session.out.ready();
    }
  }

  close(): void {
    this.#stop();
  }

  #receive(change: MailboxListChange): void {
    if (this.request === NOTHING) return;
    if (change.type === "status") {
      if (change.name === this.session.selected?.name) return;
      this.#statuses.add(change.name);
    } else {
      const event = eventOf(change.type);
      if (!this.request.groups.some(({ events }) => events.has(event))) return;
      this.#names.push(change as NameChange);
    }
    if (this.#names.length > MOST_WAITING || this.#statuses.size > MOST_WAITING) this.#overflow();
    this.session.connection.wake();
  }

  /** RFC 5465 section 5.8: as after NOTIFY NONE. */
  #overflow(): void {
    this.request = NOTHING;
    this.#names = [];
    this.#statuses.clear();
    this.#overflown = true;
  }

  /** FETCH responses of the messages that the client has been told are there. */
  async #tellNewMessages(): Promise<void> {
    const { selected } = this.session;
    const { fetch } = this.request.selected;
    if (!selected || !fetch) return;
    const sequences = selected.view
      .takeNews()
      .map((uid) => selected.view.sequenceOf(uid))
      .filter((sequence) => sequence > 0);
    if (sequences.length > 0) await fetchMessages(this.session, fetch, sequences);
  }

  async #tellStatus(name: string, subscriptions: ReadonlySet<string>): Promise<void> {
    const events = this.#messageEvents(name, subscriptions);
    if (events.size === 0 || name === this.session.selected?.name) return;
    const status = await this.mail.status(name);
    const told = this.#told.get(name);
    if (!status) return;
    this.#told.set(name, status);
    const moved =
      told?.messages !== status.messages ||
      told.uidNext !== status.uidNext ||
      told.uidValidity !== status.uidValidity;
    const marked = told?.highestModSeq !== status.highestModSeq;
    if (!moved && !(marked && events.has("FlagChange"))) return;
    const items = ["MESSAGES", "UIDNEXT", "UIDVALIDITY"];
    if (events.has("FlagChange")) items.push("UNSEEN");
    if (this.session.enabled.has("CONDSTORE")) items.push("HIGHESTMODSEQ");
    this.session.out.line(formatStatus(this.session, name, items, status));
  }

  #messageEvents(name: string, subscriptions: ReadonlySet<string>): ReadonlySet<MessageEvent> {
    const events = this.#events(name, subscriptions);
    return new Set(
      (["MessageNew", "MessageExpunge", "FlagChange"] as const).filter((event) => events.has(event)),
    );
  }

  #events(name: string, subscriptions: ReadonlySet<string>): ReadonlySet<MessageEvent | MailboxEvent> {
    const groups = this.request.groups.filter(({ filter }) =>
      isFiltered(filter, name, (one) => subscriptions.has(one)),
    );
    return new Set(groups.flatMap(({ events }) => [...events]));
  }

  async #tellNames(changes: readonly NameChange[], subscriptions: ReadonlySet<string>): Promise<void> {
    const tree = buildMailboxTree(await this.mail.listMailboxes(), [...subscriptions]);
    const nodes = new Map(tree.map((node) => [node.name, node]));
    for (const change of changes) {
      const { name, oldName } = change;
      const event = eventOf(change.type);
      if (oldName !== undefined) this.#renamed(oldName, name);
      if (change.type === "deleted") this.#told.delete(name);
      if (change.type === "renamed" && changes.some((other) => isAbove(other, change))) continue;
      const affected =
        change.type === "created" || change.type === "deleted" ? parentsOf(name).slice(-1) : [];
      for (const one of [...affected, name]) {
        const wanted =
          this.#events(one, subscriptions).has(event) ||
          (oldName !== undefined && this.#events(oldName, subscriptions).has(event));
        if (wanted) this.#tellName(one, nodes.get(one), one === name ? oldName : undefined);
      }
      await this.session.out.ready();
    }
  }

  #renamed(oldName: string, name: string): void {
    const status = this.#told.get(oldName);
    this.#told.delete(oldName);
    if (status) this.#told.set(name, status);
  }

  #tellName(name: string, node: MailboxNode | undefined, oldName: string | undefined): void {
    const { out, nameForm } = this.session;
    const attributes = node ? attributesOf(node) : ["\\NonExistent"];
    if (node?.subscribed) attributes.unshift("\\Subscribed");
    const old = oldName === undefined ? "" : ` ("OLDNAME" (${formatMailbox(oldName, nameForm)}))`;
    out.line(`* LIST (${attributes.join(" ")}) "${DELIMITER}" ${formatMailbox(name, nameForm)}${old}`);
  }
}

function eventOf(type: NameChange["type"]): MailboxEvent {
  return type === "subscribed" || type === "unsubscribed" ? "SubscriptionChange" : "MailboxName";
}

/** Children are renamed with their parent, and are not told of (section 5.4). */
function isAbove(other: NameChange, { name, oldName }: NameChange): boolean {
  return (
    other.type === "renamed" &&
    name.startsWith(other.name + DELIMITER) &&
    oldName?.startsWith(other.oldName + DELIMITER) === true
  );
}
