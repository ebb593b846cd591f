/** LIST responses that answer other commands than LIST (RFC 9051 section 6.3.9.7). */
import { formatMailbox } from "../format.js";
import { DELIMITER } from "../mailbox-name.js";
import { attributesOf, buildMailboxTree } from "../mailbox-tree.js";
import type { Session } from "../session.js";
import { mailOf } from "./command.js";

/** A name in an argument: as mailboxes are called, and as the client wrote it. */
export interface MailboxArgument {
  readonly name: string;
  readonly written: string;
}

/** `* LIST (...) "/" name`, with OLDNAME when the client calls the mailbox something else. */
export async function tellMailbox(session: Session, { name, written }: MailboxArgument): Promise<void> {
  const tree = buildMailboxTree(await mailOf(session).listMailboxes(), []);
  const node = tree.find((one) => one.name === name);
  const attributes = node
    ? attributesOf(node, session.isRevision2 ? "revision-2" : "revision-1")
    : ["\\NonExistent"];
  const asked = written.length > 1 && written.endsWith(DELIMITER) ? written.slice(0, -1) : written;
  const old = asked === name ? "" : ` ("OLDNAME" (${formatMailbox(asked, session.nameForm)}))`;
  const own = formatMailbox(name, session.nameForm);
  session.out.line(`* LIST (${attributes.join(" ")}) "${DELIMITER}" ${own}${old}`);
}

/** Tells a client of IMAP4rev2 that what it has named is called something else. */
export async function tellNormalName(session: Session, mailbox: MailboxArgument): Promise<void> {
  const { name, written } = mailbox;
  if (session.isRevision2 && written !== name && written !== name + DELIMITER)
    await tellMailbox(session, mailbox);
}
