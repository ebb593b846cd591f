/** NOTIFY: what a client wants to hear of (RFC 5465 sections 5, 6 and 8). */
import { ImapError } from "./error.js";
import { type FetchItem, parseFetchItems } from "./fetch-items.js";
import { DELIMITER } from "./mailbox-name.js";
import { type CommandParser, syntax } from "./parser.js";
import type { Session } from "./session.js";
import type { MessageEvent } from "./view.js";

export type MailboxEvent = "MailboxName" | "SubscriptionChange";

export interface NotifyRequest {
  /** Of the selected mailbox, whichever that is. */
  readonly selected: SelectedEvents;
  readonly groups: readonly EventGroup[];
}

export interface SelectedEvents {
  readonly events: ReadonlySet<MessageEvent>;
  /** Whether the client can do without sequence numbers that stand still between its commands. */
  readonly expunges: "immediate" | "delayed";
  /** Of new messages; null: nothing. */
  readonly fetch: readonly FetchItem[] | null;
}

export interface EventGroup {
  readonly filter: MailboxFilter;
  readonly events: ReadonlySet<MessageEvent | MailboxEvent>;
}

export type MailboxFilter =
  /** Also stands for INBOXES: mail may be delivered anywhere (section 6.3). */
  | { readonly type: "personal" }
  | { readonly type: "subscribed" }
  | { readonly type: "subtree" | "mailboxes"; readonly names: readonly string[] };

/** A client that has said NOTIFY NONE. */
export const NOTHING: NotifyRequest = {
  selected: { events: new Set(), expunges: "delayed", fetch: null },
  groups: [],
};

const EVENTS = ["MessageNew", "MessageExpunge", "FlagChange", "MailboxName", "SubscriptionChange"] as const;
const MAILBOX_EVENTS: readonly string[] = ["MailboxName", "SubscriptionChange"];
const MOST_NAMES = 1000;

/** `event-groups = event-group *(SP event-group)` */
export function parseEventGroups(session: Session, parser: CommandParser): NotifyRequest {
  const groups: EventGroup[] = [];
  let selected: SelectedEvents | null = null;
  do {
    const { word, filter, events, fetch } = parseGroup(session, parser);
    if (filter) {
      if (fetch) throw syntax("FETCH attributes are for the selected mailbox only.");
      groups.push({ filter, events });
      continue;
    }
    if (selected) throw syntax("SELECTED stands once.");
    if ([...events].some((event) => MAILBOX_EVENTS.includes(event)))
      throw syntax("Only message events go with SELECTED.");
    selected = {
      events: events as ReadonlySet<MessageEvent>,
      expunges: word === "SELECTED" ? "immediate" : "delayed",
      fetch,
    };
  } while (parser.optionalSpace());
  const names = groups.reduce((sum, { filter }) => sum + ("names" in filter ? filter.names.length : 0), 0);
  if (names > MOST_NAMES) throw new ImapError("NO", "NOTIFICATIONOVERFLOW", "Too many mailboxes.");
  return { selected: selected ?? NOTHING.selected, groups };
}

interface ParsedGroup {
  readonly word: string;
  /** Null: the selected mailbox. */
  readonly filter: MailboxFilter | null;
  readonly events: EventGroup["events"];
  readonly fetch: readonly FetchItem[] | null;
}

/** `event-group = "(" filter-mailboxes SP events ")"` */
function parseGroup(session: Session, parser: CommandParser): ParsedGroup {
  parser.literalCharacter("(");
  const word = parser.word();
  const filter = parseFilter(word, parser);
  parser.space();
  const { events, fetch } = parseEvents(session, parser);
  parser.literalCharacter(")");
  return { word, filter, events, fetch };
}

function parseFilter(word: string, parser: CommandParser): MailboxFilter | null {
  switch (word) {
    case "SELECTED":
    case "SELECTED-DELAYED":
      return null;
    case "PERSONAL":
    case "INBOXES":
      return { type: "personal" };
    case "SUBSCRIBED":
      return { type: "subscribed" };
    case "SUBTREE":
    case "MAILBOXES": {
      const names: string[] = [];
      parser.space();
      if (parser.peek() === "(") parser.list(() => names.push(parser.mailbox()));
      else names.push(parser.mailbox());
      if (names.length === 0) throw syntax("A mailbox was expected.");
      return { type: word === "SUBTREE" ? "subtree" : "mailboxes", names };
    }
    default:
      throw syntax(`Unknown mailboxes ${word.slice(0, 40)}.`);
  }
}

/** `events = ( "(" event *(SP event) ")" ) / "NONE"` */
function parseEvents(session: Session, parser: CommandParser): Pick<ParsedGroup, "events" | "fetch"> {
  const events = new Set<(typeof EVENTS)[number]>();
  let fetch: FetchItem[] | null = null;
  if (parser.peek() !== "(") {
    if (parser.word() !== "NONE") throw syntax("Events or NONE were expected.");
    return { events, fetch };
  }
  parser.list(() => {
    const word = parser.word();
    const event = EVENTS.find((one) => one.toUpperCase() === word);
    if (!event) throw new ImapError("NO", `BADEVENT (${EVENTS.join(" ")})`, "That event is not known here.");
    events.add(event);
    if (event !== "MessageNew" || !parser.startsWith(" (")) return;
    parser.space();
    fetch = parseFetchItems(session, parser);
  });
  if (events.size === 0) throw syntax("An event was expected.");
  if (events.has("MessageNew") !== events.has("MessageExpunge"))
    throw syntax("MessageNew and MessageExpunge go together.");
  if (events.has("FlagChange") && !events.has("MessageNew"))
    throw syntax("FlagChange needs MessageNew and MessageExpunge.");
  return { events, fetch };
}

/** Whether the filter takes in the mailbox, which need not exist. */
export function isFiltered(
  filter: MailboxFilter,
  name: string,
  isSubscribed: (name: string) => boolean,
): boolean {
  switch (filter.type) {
    case "personal":
      return true;
    case "subscribed":
      return isSubscribed(name);
    case "mailboxes":
      return filter.names.includes(name);
    case "subtree":
      return filter.names.some((top) => name === top || name.startsWith(top + DELIMITER));
  }
}
