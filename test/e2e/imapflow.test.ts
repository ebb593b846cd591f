/** imapflow with two sessions of one user against a running node: what one does, the other hears of. */
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { CopyResponseObject, ImapFlow, MailboxObject } from "imapflow";
import { connectImap, mailText, readMailbox, refillMailbox } from "../support/mail-user.js";
import { type RunningNode, setupNode, startNode, temporaryDirectory } from "../support/running-node.js";

const directory = temporaryDirectory();
let node: RunningNode;
let one: ImapFlow;
let two: ImapFlow;

beforeAll(async () => {
  await setupNode(join(directory.path, "node"), "alice");
  node = await startNode(join(directory.path, "node"));
}, 120_000);
afterAll(async () => {
  await node?.stop();
  directory.remove();
}, 120_000);

beforeEach(async () => {
  for (const mailbox of ["Archive", "Trash"]) await refillMailbox(node, "alice", mailbox, []);
  await refillMailbox(node, "alice", "INBOX", ["first", "second", "third"]);
  [one, two] = [await connectImap(node, "alice"), await connectImap(node, "alice")];
  await one.mailboxOpen("INBOX");
  await two.mailboxOpen("INBOX");
});
afterEach(async () => {
  await one.logout();
  await two.logout();
});

/** The next event of that name that fits, heard while the client idles. */
function event<T>(
  client: ImapFlow,
  name: "exists" | "expunge" | "flags",
  fits: (data: T) => boolean = () => true,
): Promise<T> {
  return new Promise((resolve) => {
    const listener = (data: T): void => {
      if (!fits(data)) return;
      client.off(name, listener as never);
      resolve(data);
    };
    client.on(name, listener as never);
    void client.idle();
  });
}

describe("imapflow", () => {
  test("lists the folders with their uses and counts", async () => {
    const list = await one.list({ statusQuery: { messages: true, unseen: true } });
    expect(list.find(({ path }) => path === "INBOX")?.status).toMatchObject({ messages: 3, unseen: 3 });
    expect(
      list
        .map(({ specialUse }) => specialUse)
        .filter(Boolean)
        .sort(),
    ).toEqual(expect.arrayContaining(["\\Archive", "\\Drafts", "\\Junk", "\\Sent", "\\Trash"]));
  });

  test("reads: envelope, structure, body parts, the whole source", async () => {
    const message = await one.fetchOne("2", {
      envelope: true,
      bodyStructure: true,
      source: true,
      bodyParts: ["1"],
      headers: ["message-id"],
    });
    if (!message) throw new Error("no message");
    expect(message.envelope?.subject).toBe("second");
    expect(message.bodyStructure?.type).toBe("text/plain");
    expect(message.source?.toString()).toBe(mailText("second"));
    expect(message.bodyParts?.get("1")?.toString()).toBe("The body of second.\r\n");
    expect(message.headers?.toString()).toMatch(/^message-id: <second@bm\.localhost>/i);
    const { content } = await one.download("1");
    let text = "";
    for await (const chunk of content ?? []) text += chunk;
    expect(text).toBe(mailText("first"));
  });

  test("searches by subject, body, flags, and what is not there", async () => {
    await one.messageFlagsAdd("3", ["\\Flagged"]);
    expect(await one.search({ subject: "SECOND" })).toEqual([2]);
    expect(await one.search({ body: "body of third" })).toEqual([3]);
    expect(await one.search({ flagged: true })).toEqual([3]);
    expect(await one.search({ or: [{ subject: "first" }, { flagged: true }] })).toEqual([1, 3]);
    expect(await one.search({ header: { "message-id": "nowhere" } })).toEqual([]);
  });

  test("the other session hears of new mail, flags and expunges while it idles", async () => {
    const came = event<{ count: number }>(two, "exists");
    await one.append("INBOX", mailText("fourth"), ["\\Seen"]);
    expect((await came).count).toBe(4);
    const flagged = event<{ seq: number; flags: Set<string> }>(two, "flags", ({ flags }) =>
      flags.has("\\Flagged"),
    );
    await one.messageFlagsAdd("2", ["\\Flagged", "projekt"]);
    expect([...(await flagged).flags]).toEqual(expect.arrayContaining(["\\Flagged", "projekt"]));
    const gone = event(two, "expunge");
    await one.messageDelete("1");
    await gone;
    expect((two.mailbox as MailboxObject).exists).toBe(3);
  });

  test("moves, copies, and both sessions agree on what is left", async () => {
    const moved = await one.messageMove("1", "Archive");
    expect((moved as CopyResponseObject).uidMap?.size).toBe(1);
    const copied = await two.messageCopy({ subject: "third" }, "Trash");
    expect((copied as CopyResponseObject).uidMap?.size).toBe(1);
    await two.noop();
    const left = await two.fetchAll("1:*", { envelope: true });
    expect(left.map(({ envelope }) => envelope?.subject)).toEqual(["second", "third"]);
    expect((await readMailbox(node, "alice", "Archive")).map(({ subject }) => subject)).toEqual(["first"]);
    expect((await readMailbox(node, "alice", "Trash")).map(({ subject }) => subject)).toEqual(["third"]);
  });

  test("makes, renames, subscribes and deletes folders", async () => {
    await one.mailboxCreate(["Größe & 中文", "below"]);
    await one.mailboxRename(["Größe & 中文"], ["renamed"]);
    expect((await two.list()).map(({ path }) => path)).toEqual(
      expect.arrayContaining(["renamed", "renamed/below"]),
    );
    await one.mailboxSubscribe("renamed");
    expect((await two.list()).find(({ path }) => path === "renamed")?.subscribed).toBe(true);
    await one.mailboxDelete("renamed/below");
    await one.mailboxDelete("renamed");
    expect((await two.list()).map(({ path }) => path)).not.toContain("renamed");
  });

  test("synchronises by CONDSTORE: only what has changed", async () => {
    const state = (one.mailbox as MailboxObject).highestModseq;
    if (state === undefined) throw new Error("no HIGHESTMODSEQ");
    await two.messageFlagsAdd("3", ["\\Answered"]);
    const changed = await one.fetchAll("1:*", { uid: true, flags: true }, { changedSince: state });
    expect(changed.map(({ seq }) => seq)).toEqual([3]);
  });
});
