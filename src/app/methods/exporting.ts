/** Handing out a person's mail in portions, oldest first. */
import { z } from "zod";
import type { OldReceived } from "../../gateway/importing/old-received.js";
import type { MailboxId, MailboxStore } from "../../gateway/ports.js";
import { ReceivedMail } from "../api/received-mail.js";
import { SentMail } from "../api/sent-mail.js";
import { CommandError, type ControlMethods } from "../control/messages.js";
import type { MethodsContext } from "./context.js";
import { type ExportedSent, receivedMessages, sentMessages } from "./old-messages.js";
import { method, text } from "./parameters.js";
import { Portions, type Row } from "./portions.js";
import { chooseUser } from "./users.js";

const user = text.optional();

export function exportMethods(context: MethodsContext): ControlMethods {
  const { mailboxes } = context.stores;
  const messages = new Portions<OldReceived | ExportedSent>();
  const mails = new Portions<ExportedMail>();
  const received = new ReceivedMail(mailboxes, context.services.folders);
  const sent = new SentMail(context.stores, context.services);
  return {
    "export.messages": method(
      { user, table: z.enum(["received", "sent"]), after: z.int().min(0) },
      (wanted) => {
        const name = chooseUser(context, wanted.user);
        const rows = (): Iterable<OldReceived | ExportedSent> =>
          wanted.table === "received" ? receivedMessages(received, name) : sentMessages(context, sent, name);
        return messages.next(`${wanted.table} ${name}`, wanted.after, (after) => numbered(rows(), after));
      },
    ),
    "export.mailboxes": method({ user }, ({ user: wanted }) => {
      const name = chooseUser(context, wanted);
      return mailboxes
        .list(name)
        .filter(({ selectable }) => selectable)
        .map((mailbox) => {
          const { messages, uidValidity } = mailboxes.status(mailboxes.find(name, mailbox.name)!);
          return { name: mailbox.name, messages, uidValidity };
        });
    }),
    "export.mails": method({ user, mailbox: text, after: z.int().min(0) }, (wanted) => {
      const name = chooseUser(context, wanted.user);
      const mailbox = mailboxes.find(name, wanted.mailbox);
      if (mailbox === null) throw new CommandError(`there is no mailbox ${wanted.mailbox}`);
      return mails.next(String(mailbox), wanted.after, (after) => mailsAfter(mailboxes, mailbox, after));
    }),
  };
}

interface ExportedMail {
  readonly uid: number;
  /** Base64. */
  readonly bytes: string;
  readonly flags: readonly string[];
  /** Unix seconds. */
  readonly time: number;
}

function* mailsAfter(
  mailboxes: MailboxStore,
  mailbox: MailboxId,
  after: number,
): Generator<Row<ExportedMail>> {
  for (const { uid, flags } of mailboxes.snapshot(mailbox, "read-only").messages) {
    if (uid <= after) continue;
    const bytes = mailboxes.read(mailbox, uid);
    const [record] = mailboxes.records(mailbox, [uid]);
    if (bytes === null || record === undefined) continue;
    const time = record.internalDate.seconds;
    const value = { uid, bytes: Buffer.from(bytes).toString("base64"), flags, time };
    yield { value, position: uid, size: bytes.length };
  }
}

/** Rows behind the one of that number, the first being 1. */
function* numbered<T extends { readonly body: string }>(rows: Iterable<T>, after: number): Generator<Row<T>> {
  let position = 0;
  for (const value of rows) {
    position += 1;
    if (position > after) yield { value, position, size: value.body.length + 500 };
  }
}
