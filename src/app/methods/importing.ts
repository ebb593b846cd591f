/** Taking in what a person brings along from other programs: each call a portion, so that none is large and an end in the middle does no harm. */
import { z } from "zod";
import { canonicalMailboxName, checkNewMailboxName } from "../../mail/imap/mailbox-name.js";
import type { ControlMethods } from "../control/messages.js";
import type { MethodsContext } from "./context.js";
import { method, text } from "./parameters.js";
import { chooseUser } from "./users.js";

const long = z.string();
const hexadecimal = z.string().regex(/^[0-9a-f]*$/);
const whole = z.int().min(0);
const time = whole.max(253_402_300_799);
const flag = z.string().regex(/^\\?[!#$&'+\-./0-9:;<=>?@A-Z[\]^_`a-z|~]{1,64}$/);

const mail = z.object({
  mailbox: z.string().min(1).max(900),
  /** base64 */
  bytes: long,
  flags: z.array(flag).max(100),
  time: time.nullable(),
});

const received = z.object({
  id: hexadecimal,
  from: text,
  to: text,
  subject: long,
  body: long,
  encoding: whole,
  received: time,
  seen: z.boolean(),
  trashed: z.boolean(),
});

const sent = z.object({
  from: text,
  to: text,
  subject: long,
  body: long,
  encoding: whole,
  ackData: hexadecimal,
  status: text,
  time,
  sleepUntil: time,
  retries: whole,
  ttl: whole,
  folder: z.enum(["sent", "trash", "draft"]),
});

const user = text.optional();

/** @throws ImapError for a name that cannot be made */
function mailboxName(text: string): string {
  const name = canonicalMailboxName(text);
  checkNewMailboxName(name);
  return name;
}

export function importMethods(context: MethodsContext): ControlMethods {
  const { importer } = context.services;
  return {
    "import.mails": method({ user, mails: z.array(mail) }, (portion) =>
      importer.mails(
        chooseUser(context, portion.user),
        portion.mails.map(({ mailbox, bytes, flags, time: at }) => ({
          mailbox: mailboxName(mailbox),
          bytes: new Uint8Array(Buffer.from(bytes, "base64")),
          flags,
          time: at,
        })),
      ),
    ),
    "import.received": method({ user, messages: z.array(received) }, (portion) =>
      importer.received(chooseUser(context, portion.user), portion.messages),
    ),
    "import.sent": method({ user, messages: z.array(sent) }, (portion) =>
      importer.sent(chooseUser(context, portion.user), portion.messages),
    ),
  };
}
