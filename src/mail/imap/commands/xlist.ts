import { offers } from "../capabilities.js";
import { formatMailbox } from "../format.js";
import { matchesPattern } from "../list-pattern.js";
import { DELIMITER } from "../mailbox-name.js";
import { attributesOf, buildMailboxTree, exists, type MailboxNode } from "../mailbox-tree.js";
import { syntax } from "../parser.js";
import { type Command, LOGGED_IN, mailOf } from "./command.js";

/** Gmail's names of the special uses. */
const USES: Readonly<Record<string, string>> = {
  "\\All": "\\AllMail",
  "\\Flagged": "\\Starred",
  "\\Junk": "\\Spam",
};

/** LIST as old Outlook asks for it, to find Sent, Drafts and Trash. */
export const xlist: Command = {
  name: "XLIST",
  specification: "Gmail's, superseded by RFC 6154",
  states: LOGGED_IN,
  expunges: "tell-expunges",
  async run({ session, parser }) {
    if (!offers(session, "XLIST")) throw syntax("XLIST is not offered.");
    parser.space();
    const reference = parser.listMailbox();
    parser.space();
    const pattern = parser.listMailbox();
    parser.end();
    if (pattern === "") {
      session.out.line(`* XLIST (\\Noselect) "${DELIMITER}" ""`);
      return "Delimiter given.";
    }
    const mail = mailOf(session);
    const wanted = pattern.startsWith(DELIMITER) ? pattern : reference + pattern;
    for (const node of buildMailboxTree(await mail.listMailboxes(), [])) {
      if (!exists(node) || !matchesPattern(wanted, node.name)) continue;
      const name = formatMailbox(node.name, session.nameForm);
      session.out.line(`* XLIST (${attributes(node).join(" ")}) "${DELIMITER}" ${name}`);
    }
    return "Mailboxes listed.";
  },
};

function attributes(node: MailboxNode): string[] {
  const own = attributesOf(node).map((attribute) => USES[attribute] ?? attribute);
  return node.name === "INBOX" ? [...own, "\\Inbox"] : own;
}
