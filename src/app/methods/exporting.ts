/** Handing out a person's mail in portions, oldest first. */
import { z } from "zod";
import { CommandError, type ControlMethods } from "../control/messages.js";
import type { MethodsContext } from "./context.js";
import { method, text } from "./parameters.js";
import { chooseUser } from "./users.js";

/** Octets after which a portion is full. */
const PORTION = 2_000_000;

const user = text.optional();

export function exportMethods(context: MethodsContext): ControlMethods {
  const { mailboxes } = context.stores;
  return {
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
      const { messages } = mailboxes.snapshot(mailbox, "read-only");
      const mails: unknown[] = [];
      let size = 0;
      for (const { uid, flags } of messages) {
        if (uid <= wanted.after) continue;
        const bytes = mailboxes.read(mailbox, uid);
        const [record] = mailboxes.records(mailbox, [uid]);
        if (bytes === null || record === undefined) continue;
        mails.push({
          uid,
          bytes: Buffer.from(bytes).toString("base64"),
          flags,
          time: record.internalDate.seconds,
        });
        size += bytes.length;
        if (size >= PORTION) break;
      }
      return mails;
    }),
  };
}
