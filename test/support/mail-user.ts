/** A person's mailbox seen with imapflow, for looking behind the back of the client that is tried. */
import { ImapFlow } from "imapflow";
import { PASSWORD, type RunningNode } from "./running-node.js";

export async function connectImap(node: RunningNode, user: string): Promise<ImapFlow> {
  const client = new ImapFlow({
    host: "127.0.0.1",
    port: node.imapPort,
    secure: false,
    auth: { user, pass: PASSWORD },
    logger: false,
  });
  client.on("error", () => client.close());
  await client.connect();
  return client;
}

export interface SeenMessage {
  readonly uid: number;
  readonly subject: string;
  readonly flags: readonly string[];
}

/** What a new session sees in the mailbox, in the order of its UIDs; `\Recent` is left out. */
export async function readMailbox(node: RunningNode, user: string, mailbox: string): Promise<SeenMessage[]> {
  const client = await connectImap(node, user);
  try {
    const { exists } = await client.mailboxOpen(mailbox, { readOnly: true });
    if (exists === 0) return [];
    const messages = await client.fetchAll("1:*", { uid: true, flags: true, envelope: true });
    return messages.map(({ uid, flags, envelope }) => ({
      uid,
      subject: envelope?.subject ?? "",
      flags: [...(flags ?? [])].filter((flag) => flag !== "\\Recent").sort(),
    }));
  } finally {
    client.close();
  }
}

/** Deletes all that is in the mailbox and puts messages with these subjects in. */
export async function refillMailbox(
  node: RunningNode,
  user: string,
  mailbox: string,
  subjects: readonly string[],
): Promise<void> {
  const client = await connectImap(node, user);
  try {
    const { exists } = await client.mailboxOpen(mailbox);
    if (exists > 0) await client.messageDelete("1:*");
    for (const subject of subjects) await client.append(mailbox, mailText(subject));
  } finally {
    client.close();
  }
}

export function mailText(subject: string): string {
  return [
    "From: Someone <someone@bm.localhost>",
    "To: me@bm.localhost",
    `Subject: ${subject}`,
    "Date: Mon, 2 Nov 2026 10:00:00 +0000",
    `Message-ID: <${subject}@bm.localhost>`,
    "",
    `The body of ${subject}.`,
    "",
  ].join("\r\n");
}

/** Looks again at each new message until there is an answer. News that comes while it looks is not missed: it is told only once. */
export async function untilFound<T>(client: ImapFlow, look: () => Promise<T | null>): Promise<T> {
  let news = false;
  let wake = () => {};
  const listener = () => {
    news = true;
    wake();
  };
  client.on("exists", listener);
  try {
    for (;;) {
      news = false;
      const found = await look();
      if (found !== null) return found;
      if (news) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
        void client.idle();
      });
    }
  } finally {
    client.off("exists", listener);
  }
}
