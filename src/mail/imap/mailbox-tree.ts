/** The mailboxes of a user with the names above them that exist only because something is below (RFC 9051 section 6.3.9). */
import type { MailboxInfo } from "./backend.js";
import { parentsOf } from "./mailbox-name.js";

export interface MailboxNode {
  readonly name: string;
  /** Null: not a mailbox; a parent of one, or a subscription to what is gone. */
  readonly info: MailboxInfo | null;
  /** Whether there are mailboxes below. */
  readonly children: "has-children" | "has-no-children";
  readonly subscribed: boolean;
}

/** All names in order, INBOX first. */
export function buildMailboxTree(
  mailboxes: readonly MailboxInfo[],
  subscriptions: readonly string[],
): readonly MailboxNode[] {
  const infos = new Map(mailboxes.map((info) => [info.name, info]));
  const parents = new Set(mailboxes.flatMap((info) => parentsOf(info.name)));
  const subscribed = new Set(subscriptions);
  const names = new Set([...infos.keys(), ...parents, ...subscribed]);
  return [...names].sort(compareNames).map((name) => ({
    name,
    info: infos.get(name) ?? null,
    children: parents.has(name) ? "has-children" : "has-no-children",
    subscribed: subscribed.has(name),
  }));
}

/** Whether the name is there for a client that does not ask for subscriptions. */
export function exists(node: MailboxNode): boolean {
  return node.info !== null || node.children === "has-children";
}

/** `\Noselect` and its like, children, special use. A parent that is no mailbox is `\NonExistent` only to those who know the word. */
export function attributesOf(
  node: MailboxNode,
  protocol: "revision-1" | "revision-2" = "revision-1",
): string[] {
  const attributes: string[] = [];
  if (protocol === "revision-2" ? node.info === null : !exists(node)) attributes.push("\\NonExistent");
  else if (!node.info?.selectable) attributes.push("\\Noselect");
  attributes.push(node.children === "has-children" ? "\\HasChildren" : "\\HasNoChildren");
  if (node.info?.specialUse) attributes.push(node.info.specialUse);
  return attributes;
}

function compareNames(a: string, b: string): number {
  if (a === "INBOX" || b === "INBOX") return a === b ? 0 : a === "INBOX" ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}
