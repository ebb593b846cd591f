/** What real clients demand, line by line: mailboxes and their names (22 to 38). */
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { startTestServer, type TestServer } from "../test-server.js";
import { TestClient } from "../transcript.js";
import { fill } from "./fill.js";

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
});
afterEach(async () => {
  await server.stop();
  expect(server.errors).toEqual([]);
});

describe("mailboxes", () => {
  test("[22] the empty pattern asks for the delimiter", () =>
    server.playAsAlice(`
      C: a1 LIST "" ""
      S: * LIST (\\Noselect) "/" ""
      S: a1 OK *
    `));

  test("[23] subscribed ones with their uses, and those that are gone, as Thunderbird asks", () =>
    server.playAsAlice(`
      C: a1 SUBSCRIBE gone
      S: a1 OK *
      C: a2 list (subscribed) "" "*" return (special-use)
      S: * LIST (\\Subscribed \\HasNoChildren) "/" INBOX
      S: ...
      S: * LIST (\\Subscribed \\HasNoChildren \\Trash) "/" Trash
      S: * LIST (\\Subscribed \\NonExistent \\HasNoChildren) "/" gone
      S: a2 OK *
    `));

  test("[24] uses in a plain LIST, for macOS Mail", () =>
    server.playAsAlice(`
      C: a1 LIST "" "Sent"
      S: * LIST (\\HasNoChildren \\Sent) "/" Sent
      S: a1 OK *
    `));

  test("[25] uses and STATUS in one LIST, as iOS asks", () =>
    server.playAsAlice(`
      C: a1 LIST "" "S*" RETURN (SPECIAL-USE STATUS (UNSEEN))
      S: * LIST (\\HasNoChildren \\Sent) "/" Sent
      S: * STATUS Sent (UNSEEN 0)
      S: a1 OK *
    `));

  test("[26] one mailbox for each use, there and subscribed from the start", async () => {
    const client = await TestClient.connect(server.port);
    await client.line();
    await client.command("a LOGIN alice secret");
    const list = await client.command('b LIST (SUBSCRIBED) "" * RETURN (SPECIAL-USE)');
    for (const use of ["Sent", "Drafts", "Trash", "Junk", "Archive"])
      expect(list.filter((line) => line.includes(`\\${use}`))).toHaveLength(1);
    expect(await client.command("c CREATE Second (USE (\\Sent))")).toEqual([
      expect.stringContaining("c NO [USEATTR]"),
    ]);
    client.close();
  });

  test("[27] INBOX in any case, and mailboxes below it", () =>
    server.playAsAlice(`
      C: a1 CREATE "inbox/T&AOQ-st ordner"
      S: a1 OK *
      C: a2 LIST "" "Inbox*"
      S: * LIST (\\HasChildren) "/" INBOX
      S: * LIST (\\HasNoChildren) "/" "INBOX/T&AOQ-st ordner"
      S: a2 OK *
      C: a3 SELECT "iNBOX/T&AOQ-st ordner"
      S: ...
      S: a3 OK *
      C: a4 STATUS inbox (MESSAGES)
      S: * STATUS INBOX (MESSAGES 0)
      S: a4 OK *
    `));

  test("[28] modified UTF-7 there and back, wrong one refused; UTF-8 for those who enable it", () =>
    server.playAsAlice(`
      C: a1 CREATE "Gr&APYA3w-e &- &Ti1lhw-"
      S: a1 OK *
      C: a2 CREATE "&AGE-"
      S: a2 NO [CANNOT] *
      C: a3 CREATE "a & b"
      S: a3 NO [CANNOT] *
      C: a4 CREATE "Größe"
      S: a4 NO [CANNOT] *
      C: a5 ENABLE UTF8=ACCEPT
      S: * ENABLED UTF8=ACCEPT
      S: a5 OK *
      C: a6 LIST "" "G*"
      S: * LIST (\\HasNoChildren) "/" "Größe & 中文"
      S: a6 OK *
      C: a7 CREATE "Täst & mehr"
      S: a7 OK *
      2C: b1 LIST "" "T*t*"
      2S: * LIST (\\HasNoChildren) "/" "T&AOQ-st &- mehr"
      2S: b1 OK *
    `));

  test("[29] spaces, quotes, wildcards and brackets in names; odd ones are NO and not BAD", () =>
    server.playAsAlice(`
      C: a1 CREATE "a \\"b\\" \\\\ % * ] ("
      S: a1 OK *
      C: a2 LIST "" "a *"
      S: * LIST (\\HasNoChildren) "/" "a \\"b\\" \\\\ % * ] ("
      S: a2 OK *
      C: a3 SELECT "a \\"b\\" \\\\ % * ] ("
      S: ...
      S: a3 OK *
      C: a4 SELECT !#$&'+,-.0123456789:;<=>?@^_\`|[}
      S: ...
      S: a4 NO *
    `));

  test("[30] children are told exactly, after CREATE, DELETE and RENAME", () =>
    server.playAsAlice(`
      C: a1 CREATE p
      S: a1 OK *
      C: a2 LIST "" p
      S: * LIST (\\HasNoChildren) "/" p
      S: a2 OK *
      C: a3 CREATE p/q
      S: a3 OK *
      C: a4 LIST "" p
      S: * LIST (\\HasChildren) "/" p
      S: a4 OK *
      C: a5 RENAME p/q r
      S: a5 OK *
      C: a6 LIST "" p
      S: * LIST (\\HasNoChildren) "/" p
      S: a6 OK *
      C: a7 RENAME r p/s
      S: a7 OK *
      C: a8 DELETE p/s
      S: a8 OK *
      C: a9 LIST "" p*
      S: * LIST (\\HasNoChildren) "/" p
      S: a9 OK *
    `));

  test("[31] parents are made; a delimiter at the end is no name", () =>
    server.playAsAlice(`
      C: a1 CREATE a/b/c/
      S: a1 OK *
      C: a2 LIST "" a*
      S: * LIST (\\HasChildren) "/" a
      S: * LIST (\\HasChildren) "/" a/b
      S: * LIST (\\HasNoChildren) "/" a/b/c
      S: a2 OK *
    `));

  test("[32] a deleted parent stays as a name; INBOX cannot be deleted", () =>
    server.playAsAlice(`
      C: a1 CREATE a/b
      S: a1 OK *
      C: a2 DELETE a
      S: a2 OK *
      C: a3 LIST "" a*
      S: * LIST (\\Noselect \\HasChildren) "/" a
      S: * LIST (\\HasNoChildren) "/" a/b
      S: a3 OK *
      C: a4 DELETE a
      S: a4 NO *
      C: a5 DELETE inbox
      S: a5 NO *
    `));

  test("[33] RENAME keeps UIDs and UIDVALIDITY and takes children along; of INBOX it moves the messages", async () => {
    await fill(server, ["one"]);
    await server.playAsAlice(`
      C: a1 CREATE from/below
      S: a1 OK *
      C: a2 STATUS from/below (UIDVALIDITY UIDNEXT)
      S: * STATUS from/below (UIDVALIDITY $validity UIDNEXT 1)
      S: a2 OK *
      C: a3 RENAME from to
      S: a3 OK *
      C: a4 STATUS to/below (UIDVALIDITY UIDNEXT)
      S: * STATUS to/below (UIDVALIDITY $validity UIDNEXT 1)
      S: a4 OK *
      C: a5 RENAME INBOX old
      S: a5 OK *
      C: a6 STATUS INBOX (MESSAGES UIDNEXT)
      S: * STATUS INBOX (MESSAGES 0 UIDNEXT 2)
      S: a6 OK *
      C: a7 STATUS old (MESSAGES)
      S: * STATUS old (MESSAGES 1)
      S: a7 OK *
    `);
  });

  test("[34] a mailbox made again has a larger UIDVALIDITY", async () => {
    const client = await TestClient.connect(server.port);
    await client.line();
    await client.command("a LOGIN alice secret");
    const validity = async (): Promise<number> => {
      await client.command("b CREATE again");
      const [line] = await client.command("c STATUS again (UIDVALIDITY)");
      await client.command("d DELETE again");
      return Number(/UIDVALIDITY (\d+)/.exec(line!)![1]);
    };
    const first = await validity();
    const second = await validity();
    expect(second).toBeGreaterThan(first);
    expect(await validity()).toBeGreaterThan(second);
    client.close();
  });

  test("[35] subscribing twice and to what is not there is OK", () =>
    server.playAsAlice(`
      C: a1 SUBSCRIBE INBOX
      S: a1 OK *
      C: a2 SUBSCRIBE INBOX
      S: a2 OK *
      C: a3 SUBSCRIBE nowhere
      S: a3 OK *
      C: a4 UNSUBSCRIBE never
      S: a4 OK *
    `));

  test("[36] LSUB with % shows parents that are not subscribed", () =>
    server.playAsAlice(`
      C: a1 CREATE up/down
      S: a1 OK *
      C: a2 SUBSCRIBE up/down
      S: a2 OK *
      C: a3 LSUB "" "u%"
      S: * LSUB (\\Noselect) "/" up
      S: a3 OK *
      C: a4 LSUB "" "u*"
      S: * LSUB () "/" up/down
      S: a4 OK *
    `));

  test("[37] XLIST, as old Outlook finds its folders", () =>
    server.playAsAlice(`
      C: a1 XLIST "" "%"
      S: * XLIST (\\HasNoChildren \\Inbox) "/" INBOX
      S: ...
      S: * XLIST (\\HasNoChildren \\Spam) "/" Junk
      S: * XLIST (\\HasNoChildren \\Sent) "/" Sent
      S: * XLIST (\\HasNoChildren \\Trash) "/" Trash
      S: a1 OK *
    `));

  test("[38] after a SELECT that fails no mailbox is selected; UNSELECT and CLOSE leave it", async () => {
    await fill(server, ["one"]);
    await server.playInInbox(`
      C: a1 SELECT nowhere
      S: * OK [CLOSED] *
      S: a1 NO [NONEXISTENT] *
      C: a2 FETCH 1 (UID)
      S: a2 BAD *
      C: a3 SELECT INBOX
      S: ...
      S: a3 OK *
      C: a4 UNSELECT
      S: a4 OK *
      C: a5 EXPUNGE
      S: a5 BAD *
      C: a6 CLOSE
      S: a6 BAD *
    `);
  });
});
