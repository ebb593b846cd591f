/** Logging in with an identity's address: that identity's mail alone, by IMAP's rules, beside a login that sees all. */
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Address } from "../../../src/bitmessage/protocol/address.js";
import type { Layout } from "../../../src/gateway/mailboxes/mailboxes.js";
import type { Backend } from "../../../src/mail/imap/backend.js";
import { startTestServer, type TestServer } from "../../mail/imap/test-server.js";
import {
  addressOf,
  createWorld,
  DOMAIN,
  hashOf,
  identityOf,
  mailOf,
  messagesIn,
  receivedOf,
  type World,
} from "../world.js";

let world: World;
let server: TestServer;
const bob = addressOf("bob");
const work = addressOf("anna at work");

async function begin(layout: Layout): Promise<void> {
  world = createWorld({ layout });
  world.stores.identities.save(identityOf(work, { label: "Work", created: 1 }));
  server = await startTestServer({ backend: shortcut() });
}

afterEach(async () => {
  await server.stop();
  expect(server.errors).toEqual([]);
  world.database.close();
});

/** Logs in without passwords: `anna`, `home` and `work`. */
function shortcut(): Backend {
  const identities: Record<string, Address> = { home: world.own, work };
  return {
    authenticate: async ({ username }) => {
      const identity = identities[username];
      return identity === undefined ? { name: username } : { name: "anna", identity };
    },
    openUser: (user, end) => world.backend.openUser(user, end),
  };
}

async function receive(to: Address, subject: string): Promise<void> {
  const message = receivedOf(world, { to, hash: hashOf(`${to} ${subject}`), text: { subject } });
  (await world.delivery.prepare(message))();
}

async function send(from: Address, subject: string): Promise<void> {
  const envelope = { sender: `${from}@${DOMAIN}`, recipients: [{ address: `${bob}@${DOMAIN}` }] };
  const mail = mailOf(
    `From: ${from}@${DOMAIN}`,
    `Message-ID: <${subject}@x>`,
    `Subject: ${subject}`,
    "",
    "text",
  );
  await world.submission.submit({ name: "anna" }, envelope, mail);
}

describe.each(["combined", "split"] as const)("%s", (layout) => {
  const wholeInbox = layout === "split" ? "Identities/Work" : "INBOX";

  beforeEach(() => begin(layout));

  test("each identity sees what came for it, with counts of it alone; the user sees all", async () => {
    await receive(work, "w1");
    await receive(world.own, "h1");
    await receive(work, "w2");
    await server.play(`
      S: * OK *
      C: a1 LOGIN work x
      S: a1 OK *
      C: a2 STATUS INBOX (MESSAGES UNSEEN RECENT DELETED)
      S: * STATUS INBOX (MESSAGES 2 UNSEEN 2 RECENT 2 DELETED 0)
      S: a2 OK *
      C: a3 SELECT INBOX
      S: ...
      S: * 2 EXISTS
      S: ...
      S: a3 OK *
      C: a4 SEARCH RETURN (COUNT) SUBJECT w
      S: * ESEARCH (TAG "a4") COUNT 2
      S: a4 OK *
      C: a5 SEARCH SUBJECT h1
      S: * SEARCH
      S: a5 OK *
      2S: * OK *
      2C: b1 LOGIN home x
      2S: b1 OK *
      2C: b2 SELECT INBOX
      2S: ...
      2S: * 1 EXISTS
      2S: ...
      2S: b2 OK *
      3S: * OK *
      3C: c1 LOGIN anna x
      3S: c1 OK *
      3C: c2 STATUS ${wholeInbox} (MESSAGES)
      3S: * STATUS ${wholeInbox} (MESSAGES ${layout === "split" ? 2 : 3})
      3S: c2 OK *
    `);
  });

  test("two sessions at once: what happens to the other identity's mail is not told; what happens to its own is", async () => {
    await receive(work, "w1");
    await receive(world.own, "h1");
    await server.play(`
      S: * OK *
      C: a1 LOGIN work x
      S: a1 OK *
      C: a2 SELECT INBOX
      S: ...
      S: a2 OK *
      2S: * OK *
      2C: b1 LOGIN home x
      2S: b1 OK *
      2C: b2 SELECT INBOX
      2S: ...
      2S: b2 OK *
      2C: b3 STORE 1:* +FLAGS (\\Deleted \\Seen)
      2S: * 1 FETCH (FLAGS (\\Deleted \\Seen*
      2S: b3 OK *
      C: a3 NOOP
      S: a3 OK *
      C: a4 STORE 1 +FLAGS (\\Flagged)
      S: * 1 FETCH (FLAGS (\\Flagged \\Recent))
      S: a4 OK *
      2C: b4 EXPUNGE
      2S: * 1 EXPUNGE
      2S: b4 OK *
      C: a5 EXPUNGE
      S: a5 OK *
      C: a6 UID SEARCH ALL
      S: * SEARCH 1
      S: a6 OK *
      3S: * OK *
      3C: c1 LOGIN anna x
      3S: c1 OK *
      3C: c2 SELECT ${wholeInbox}
      3S: ...
      3S: * 1 EXISTS
      3S: ...
      3S: c2 OK *
      3C: c3 STORE 1 FLAGS (\\Deleted)
      3S: * 1 FETCH (FLAGS (\\Deleted))
      3S: c3 OK *
      3C: c4 EXPUNGE
      3S: * 1 EXPUNGE
      3S: c4 OK *
      C: a7 NOOP
      S: ...
      S: * 1 EXPUNGE
      S: a7 OK *
    `);
  });

  test("what it appends, it sees, and no other identity; what the user appends is whose it says", async () => {
    const from = `From: <${work}@${DOMAIN}>\\r\\n\\r\\n`;
    const size = from.replaceAll("\\r\\n", "12").length;
    await server.play(`
      S: * OK *
      C: a1 LOGIN home x
      S: a1 OK *
      C: a2 APPEND Drafts {5+}
      C~ A: b\\n\\r\\n
      S: a2 OK [APPENDUID $validity 1] *
      2S: * OK *
      2C: b1 LOGIN anna x
      2S: b1 OK *
      2C: b2 APPEND Drafts {${size}+}
      2C~ ${from}\\r\\n
      2S: b2 OK [APPENDUID $validity 2] *
      2C: b3 APPEND Drafts {5+}
      2C~ C: d\\n\\r\\n
      2S: b3 OK [APPENDUID $validity 3] *
      3S: * OK *
      3C: c1 LOGIN work x
      3S: c1 OK *
      3C: c2 SELECT Drafts
      3S: ...
      3S: * 1 EXISTS
      3S: ...
      3S: * OK [UIDVALIDITY $validity] *
      3S: ...
      3S: c2 OK *
      3C: c3 UID SEARCH ALL
      3S: * SEARCH 2
      3S: c3 OK *
      C: a3 EXAMINE Drafts
      S: ...
      S: a3 OK *
      C: a4 UID SEARCH ALL
      S: * SEARCH 1
      S: a4 OK *
      2C: b4 STATUS Drafts (MESSAGES)
      2S: * STATUS Drafts (MESSAGES 3)
      2S: b4 OK *
    `);
  });

  test("COPY, MOVE and RENAME INBOX take its own mail; a folder with others' mail is not deleted", async () => {
    await receive(work, "w1");
    await receive(work, "w2");
    await receive(world.own, "h1");
    await server.play(`
      S: * OK *
      C: a1 LOGIN work x
      S: a1 OK *
      C: a2 SELECT INBOX
      S: ...
      S: a2 OK *
      C: a3 COPY 1 Archive
      S: a3 OK [COPYUID $archive 1 1] *
      C: a4 MOVE 2 Archive
      S: ...
      S: * 2 EXPUNGE
      S: a4 OK *
      C: a5 STATUS Archive (MESSAGES)
      S: * STATUS Archive (MESSAGES 2)
      S: a5 OK *
      C: a6 RENAME INBOX Old
      S: ...
      S: a6 OK *
      C: a7 STATUS INBOX (MESSAGES)
      S: * STATUS INBOX (MESSAGES 0)
      S: a7 OK *
      2S: * OK *
      2C: b1 LOGIN home x
      2S: b1 OK *
      2C: b2 STATUS Old (MESSAGES)
      2S: * STATUS Old (MESSAGES 0)
      2S: b2 OK *
      2C: b3 STATUS INBOX (MESSAGES)
      2S: * STATUS INBOX (MESSAGES 1)
      2S: b3 OK *
      2C: b4 DELETE Old
      2S: b4 NO [CANNOT] *
      2C: b5 CREATE Empty
      2S: b5 OK *
      2C: b6 DELETE Empty
      2S: b6 OK *
      C: a8 DELETE Old
      S: a8 OK *
    `);
  });

  test("Sent and Outbox hold what the identity sends; the client's own copy is not doubled", async () => {
    await send(work, "w");
    await send(world.own, "h");
    const copy = `Message-ID: <w@x>\\r\\n\\r\\n`;
    await server.play(`
      S: * OK *
      C: a1 LOGIN work x
      S: a1 OK *
      C: a2 STATUS Sent (MESSAGES)
      S: * STATUS Sent (MESSAGES 1)
      S: a2 OK *
      C: a3 STATUS Outbox (MESSAGES)
      S: * STATUS Outbox (MESSAGES 1)
      S: a3 OK *
      C: a4 APPEND Sent (\\Seen) {21+}
      C~ ${copy}\\r\\n
      S: a4 OK [APPENDUID $sent 1] *
      C: a5 SELECT Outbox
      S: ...
      S: a5 OK *
      C: a6 STORE 1 FLAGS.SILENT (\\Deleted)
      S: a6 OK *
      C: a7 EXPUNGE
      S: * 1 EXPUNGE
      S: a7 OK *
      2S: * OK *
      2C: b1 LOGIN home x
      2S: b1 OK *
      2C: b2 APPEND Sent {21+}
      2C~ ${copy}\\r\\n
      2S: b2 OK [APPENDUID $sent 3] *
    `);
    expect(world.outbox.cancelled).toEqual(["outbox1"]);
    expect(messagesIn(world, "Outbox")).toHaveLength(1);
  });

  test("chans, subscriptions and other identities are not there, and are not made, moved or told of", async () => {
    const general = addressOf("chan general");
    const chan = identityOf(general, { chan: true, label: "general" });
    world.stores.identities.save(chan);
    world.folders.ensureChan(chan);
    world.folders.followLabels();
    await server.play(`
      S: * OK *
      C: a1 LOGIN work x
      S: a1 OK *
      C: a2 LIST "" *
      S: * LIST (\\HasNoChildren) "/" INBOX
      S: * LIST (\\HasNoChildren \\Archive) "/" Archive
      S: * LIST (\\HasNoChildren \\Drafts) "/" Drafts
      S: * LIST (\\HasNoChildren \\Junk) "/" Junk
      S: * LIST (\\HasNoChildren) "/" Outbox
      S: * LIST (\\HasNoChildren \\Sent) "/" Sent
      S: * LIST (\\HasNoChildren \\Trash) "/" Trash
      S: a2 OK *
      C: a3 SELECT Chans/general
      S: a3 NO [NONEXISTENT] *
      C: a4 CREATE Chans/other
      S: a4 NO [CANNOT] *
      C: a5 RENAME Archive Subscriptions/x
      S: a5 NO [CANNOT] *
      C: a6 DELETE Chans/general
      S: a6 NO [CANNOT] *
      C: a7 RENAME Chans/general x
      S: a7 NO [CANNOT] *
      C: a8 APPEND Chans/general {1+}
      C~ x\\r\\n
      S: a8 NO [TRYCREATE] *
    `);
  });
});
