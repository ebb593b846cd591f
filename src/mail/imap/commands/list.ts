import { offers } from "../capabilities.js";
import { formatMailbox } from "../format.js";
import { matchesPattern } from "../list-pattern.js";
import { DELIMITER } from "../mailbox-name.js";
import { attributesOf, buildMailboxTree, exists, type MailboxNode } from "../mailbox-tree.js";
import { type CommandParser, syntax } from "../parser.js";
import type { Session } from "../session.js";
import { type Command, LOGGED_IN, mailOf } from "./command.js";
import { formatStatus, parseStatusItems } from "./status.js";

export const list: Command = {
  name: "LIST",
  specification: "RFC 9051 section 6.3.9, RFC 5258, RFC 5819 for STATUS, RFC 6154 for SPECIAL-USE",
  states: LOGGED_IN,
  expunges: "tell-expunges",
  async run({ session, parser }) {
    const request = parseList(session, parser);
    if (request.form === "basic" && request.patterns[0] === "") {
      session.out.line(`* LIST (\\Noselect) "${DELIMITER}" ""`);
      return "Delimiter given.";
    }
    const mail = mailOf(session);
    const tree = buildMailboxTree(await mail.listMailboxes(), await mail.listSubscriptions());
    for (const answer of choose(tree, request)) {
      session.out.line(formatAnswer(session, answer, request));
      if (request.statusItems && answer.node.info?.selectable) {
        const status = await mail.status(answer.node.name);
        if (status) session.out.line(formatStatus(session, answer.node.name, request.statusItems, status));
      }
      await session.out.ready();
    }
    return "Mailboxes listed.";
  },
};

interface ListRequest {
  readonly form: "basic" | "extended";
  readonly select: ReadonlySet<string>;
  /** The reference put before them. */
  readonly patterns: readonly string[];
  readonly returns: ReadonlySet<string>;
  readonly statusItems: readonly string[] | null;
}

const SELECT_OPTIONS = ["SUBSCRIBED", "REMOTE", "RECURSIVEMATCH", "SPECIAL-USE"];
const RETURN_OPTIONS = ["SUBSCRIBED", "CHILDREN", "SPECIAL-USE"];

/** `list = "LIST" [SP list-select-opts] SP mailbox SP mbox-or-pat [SP list-return-opts]` */
function parseList(session: Session, parser: CommandParser): ListRequest {
  let form: ListRequest["form"] = "basic";
  const select = new Set<string>();
  parser.space();
  if (parser.peek() === "(") {
    form = "extended";
    parser.list(() => select.add(parseOption(parser.word(), SELECT_OPTIONS)));
    parser.space();
    if (select.has("RECURSIVEMATCH") && !select.has("SUBSCRIBED") && !select.has("SPECIAL-USE")) {
      throw syntax("RECURSIVEMATCH needs SUBSCRIBED or SPECIAL-USE.");
    }
  }
  const reference = parser.listMailbox();
  parser.space();
  const patterns: string[] = [];
  if (parser.peek() === "(") {
    form = "extended";
    parser.list(() => patterns.push(parser.listMailbox()));
  } else patterns.push(parser.listMailbox());
  const returns = new Set<string>();
  let statusItems: string[] | null = null;
  if (parser.optionalSpace()) {
    form = "extended";
    if (parser.word() !== "RETURN") throw syntax("RETURN was expected.");
    parser.space();
    parser.list(() => {
      const word = parser.word();
      if (word === "STATUS" && offers(session, "LIST-STATUS")) {
        parser.space();
        statusItems = parseStatusItems(session, parser);
      } else returns.add(parseOption(word, RETURN_OPTIONS));
    });
  }
  parser.end();
  if (form === "extended" && !offers(session, "LIST-EXTENDED")) throw syntax("LIST-EXTENDED is not offered.");
  const joined = patterns.map((pattern) => (pattern === "" ? "" : join(reference, pattern)));
  return { form, select, patterns: joined, returns, statusItems };
}

function parseOption(word: string, known: readonly string[]): string {
  if (!known.includes(word)) throw syntax(`Unknown LIST option ${word}.`);
  return word;
}

/** A pattern that begins with the delimiter is not below the reference. */
function join(reference: string, pattern: string): string {
  return pattern.startsWith(DELIMITER) ? pattern : reference + pattern;
}

interface ListAnswer {
  readonly node: MailboxNode;
  /** Selected names below, told as CHILDINFO. */
  readonly childInfo: boolean;
}

function* choose(tree: readonly MailboxNode[], request: ListRequest): Generator<ListAnswer> {
  const matching = (node: MailboxNode): boolean =>
    request.patterns.some((pattern) => pattern !== "" && matchesPattern(pattern, node.name));
  const selected = tree.filter((node) => isSelected(node, request.select));
  const recursive = request.select.has("RECURSIVEMATCH");
  for (const node of tree) {
    if (!matching(node)) continue;
    const below = recursive ? selected.filter((one) => one.name.startsWith(node.name + DELIMITER)) : [];
    if (isSelected(node, request.select)) yield { node, childInfo: below.length > 0 };
    // A parent that is not selected itself is told only when what is below it is not (RFC 5258 section 3.5).
    else if (below.some((one) => !matching(one))) yield { node, childInfo: true };
  }
}

function isSelected(node: MailboxNode, select: ReadonlySet<string>): boolean {
  if (select.has("SPECIAL-USE") && !node.info?.specialUse) return false;
  if (select.has("SUBSCRIBED")) return node.subscribed;
  return exists(node);
}

function formatAnswer(session: Session, { node, childInfo }: ListAnswer, request: ListRequest): string {
  const attributes = attributesOf(node, session.isRevision2 ? "revision-2" : "revision-1");
  const tellSubscribed = request.select.has("SUBSCRIBED") || request.returns.has("SUBSCRIBED");
  if (tellSubscribed && node.subscribed) attributes.unshift("\\Subscribed");
  const criteria = ["SUBSCRIBED", "SPECIAL-USE"].filter((name) => request.select.has(name));
  const extended = childInfo ? ` ("CHILDINFO" (${criteria.map((name) => `"${name}"`).join(" ")}))` : "";
  return `* LIST (${attributes.join(" ")}) "${DELIMITER}" ${formatMailbox(node.name, session.nameForm)}${extended}`;
}
