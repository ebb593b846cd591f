import { beforeEach, describe, expect, test } from "@jest/globals";
import { folderName } from "../../../src/gateway/mailboxes/mailboxes.js";
import type { MailboxUpdate } from "../../../src/mail/imap/backend.js";
import { digestMessage } from "../../../src/mail/imap/make-digest.js";
import { addressOf, createWorld, DOMAIN, identityOf, mailOf, messagesIn, type World } from "../world.js";

let world: World;
beforeEach(() => {
  world = createWorld();
});

const bob = addressOf("bob");
const openAnna = () => world.backend.openUser(world.anna);
const names = async () => (await (await openAnna()).listMailboxes()).map(({ name }) => name).sort();

describe("logins", () => {
  const log = (username: string, password: string) =>
    world.backend.authenticate({ username, password, service: "imap", remoteAddress: "127.0.0.1" });

  test("wrong names and passwords, odd ones too", async () => {
    await world.users.create("berta", "right");
    for (const [name, password] of [
      ["berta", "wrong"],
      ["berta", ""],
      ["nobody", "right"],
      ["", ""],
      ["berta", "x".repeat(100_000)],
      ["__proto__", "x"],
      [`${bob}@${DOMAIN}`, "right"],
    ] as const) {
      expect(await log(name, password)).toBeNull();
    }
    for (const name of ["", "a b", "ü", "../x", "-x", "A", "a".repeat(65), "bm-x"]) {
      await expect(world.users.create(name, "x")).rejects.toMatchObject({ code: "bad-name" });
    }
    await expect(world.users.create("carl", "")).rejects.toMatchObject({ code: "bad-password" });
    await expect(world.users.create("berta", "x")).rejects.toMatchObject({ code: "exists" });
    await expect(world.users.setPassword("nobody", "x")).rejects.toMatchObject({ code: "unknown" });
  });

  test("by name and by an identity's address; a new password counts at once", async () => {
    await world.users.create("berta", "pässword");
    const address = addressOf("berta");
    world.stores.identities.save(identityOf(address, { user: "berta" }));
    expect(await log("Berta", "pässword")).toEqual({ name: "berta" });
    expect(await log(`${address.toLowerCase()}@${DOMAIN}`, "pässword")).toEqual({
      name: "berta",
      identity: address,
    });
    await world.users.setPassword("berta", "new");
    expect(await log("berta", "pässword")).toBeNull();
    expect(await log("berta", "new")).not.toBeNull();
    expect(() => world.users.remove("berta")).toThrow(/identities/);
    world.stores.identities.remove("berta", address);
    world.users.remove("berta");
    expect(await log("berta", "new")).toBeNull();
    expect(messagesIn(world, "Sent", "berta")).toEqual([]);
  });

  test("a removed login leaves nothing behind, in the database either", async () => {
    await world.users.create("berta", "x");
    const { stores, database } = world;
    const address = addressOf("berta");
    stores.identities.save(identityOf(address, { user: "berta" }));
    stores.subscriptions.save({ address: bob, label: "Bob", enabled: true, user: "berta" });
    const mail = mailOf(`From: ${address}@${DOMAIN}`, "Subject: secret", "", "secret");
    const envelope = { sender: `${address}@${DOMAIN}`, recipients: [{ address: `${bob}@${DOMAIN}` }] };
    await world.submission.submit({ name: "berta" }, envelope, mail);
    expect(() => world.users.remove("berta")).toThrow(/identities/);
    expect(messagesIn(world, "Sent", "berta")).toHaveLength(1);
    stores.identities.remove("berta", address);
    world.users.remove("berta");
    for (const table of ["message", "body", "content", "submission", "outbox", "thread", "subscription"]) {
      expect([table, database.prepare(`SELECT count(*) FROM ${table}`).pluck().get()]).toEqual([table, 0]);
    }
    expect(stores.mailboxes.list("berta")).toEqual([]);
    expect(stores.mailboxes.subscriptions("berta")).toEqual([]);
  });
});

describe("mailboxes", () => {
  test("those of section 5 are there and subscribed", async () => {
    const user = await openAnna();
    const list = await user.listMailboxes();
    expect(list.map(({ name, specialUse }) => `${name} ${specialUse ?? ""}`).sort()).toEqual([
      "Archive \\Archive",
      "Drafts \\Drafts",
      "INBOX ",
      "Junk \\Junk",
      "Outbox ",
      "Sent \\Sent",
      "Trash \\Trash",
    ]);
    expect(await user.listSubscriptions()).toHaveLength(7);
  });

  test("a renamed Sent stays the one for sent mail", async () => {
    const user = await openAnna();
    await user.renameMailbox("Sent", "Gesendet");
    const sender = `${world.own}@${DOMAIN}`;
    await world.submission.submit(
      world.anna,
      { sender, recipients: [{ address: `${bob}@x` }] },
      mailOf(`From: ${sender}`, "", "x"),
    );
    expect(messagesIn(world, "Gesendet")).toHaveLength(1);
    expect(await names()).not.toContain("Sent");
  });

  test("labels as folder names", () => {
    expect(folderName('a/b\\c*%"d\r\n\u202e')).toBe("a-b-c---d");
    expect(folderName("#x")).toBe("-x");
    expect(folderName(" \u200b ")).toBe("");
  });

  test("what may not be done to Outbox, Chans and Subscriptions", async () => {
    const user = await openAnna();
    const wrong = [
      () => user.deleteMailbox("Outbox"),
      () => user.renameMailbox("Outbox", "x"),
      () => user.renameMailbox("Drafts", "Chans/x"),
      () => user.createMailbox("Chans/a/b", {}),
      () => user.createMailbox("Chans/a%", {}),
      () => user.createMailbox("Subscriptions/Bob", {}),
    ];
    for (const work of wrong)
      await expect(work()).rejects.toMatchObject({ name: "ImapError", status: "NO", code: "CANNOT" });
    expect(await names()).toHaveLength(7);
    expect(world.stores.identities.list()).toHaveLength(1);
  });

  test("CREATE joins, RENAME labels, DELETE leaves a chan", async () => {
    const user = await openAnna();
    await user.createMailbox("Chans/general", {});
    const chan = world.stores.identities.list().find((identity) => identity.chan);
    expect(chan).toMatchObject({ passphrase: "general", label: "general", user: "anna" });
    await expect(user.createMailbox("Chans/general", {})).rejects.toMatchObject({ code: "ALREADYEXISTS" });
    await user.renameMailbox("Chans/general", "Chans/Town square");
    expect(world.stores.identities.get("anna", chan!.address)?.label).toBe("Town square");
    await user.deleteMailbox("Chans/Town square");
    expect(world.stores.identities.get("anna", chan!.address)).toBeNull();
    expect(await names()).not.toContain("Chans/Town square");
  });

  test("CREATE follows, RENAME labels, DELETE stops; what another user follows is his affair", async () => {
    const user = await openAnna();
    await user.createMailbox(`Subscriptions/${bob}`, {});
    expect(world.stores.subscriptions.get("anna", bob)).toMatchObject({ user: "anna" });
    await user.renameMailbox(`Subscriptions/${bob}`, "Subscriptions/Bob");
    expect(world.stores.subscriptions.get("anna", bob)?.label).toBe("Bob");
    const berta = await world.backend.openUser({ name: "berta" });
    await berta.createMailbox(`Subscriptions/${bob}`, {});
    await user.deleteMailbox("Subscriptions/Bob");
    expect(world.stores.subscriptions.get("berta", bob)?.label).toBe(bob);
    expect(world.stores.subscriptions.get("anna", bob)).toBeNull();
  });

  test("RENAME into the Trash, as Thunderbird deletes, leaves the chan and stops following; made anew, its mail is back", async () => {
    const user = await openAnna();
    await user.createMailbox("Chans/general", {});
    await user.createMailbox(`Subscriptions/${bob}`, {});
    const chan = world.stores.identities.list().find((identity) => identity.chan)!;
    const mailbox = world.stores.mailboxes.find("anna", "Chans/general");
    await user.createMailbox("Trash/taken", {});
    await expect(user.renameMailbox("Chans/general", "Trash/taken")).rejects.toMatchObject({
      code: "ALREADYEXISTS",
    });
    expect(world.stores.identities.get("anna", chan.address)).not.toBeNull();
    await user.renameMailbox("Trash", "Bin");
    await user.renameMailbox("Chans/general", "Bin/general");
    await user.renameMailbox(`Subscriptions/${bob}`, `Bin/${bob}`);
    expect(world.stores.identities.get("anna", chan.address)).toBeNull();
    expect(world.stores.subscriptions.get("anna", bob)).toBeNull();
    expect(await names()).toEqual(expect.arrayContaining(["Bin/general", `Bin/${bob}`]));
    await user.createMailbox("Chans/general", {});
    expect(world.stores.mailboxes.find("anna", "Chans/general")).toBe(mailbox);
    expect(await names()).not.toContain("Bin/general");
  });

  test("a session hears of what others do and not of its own; nothing after close", async () => {
    const user = await openAnna();
    const bytes = mailOf("Subject: x", "", "y");
    const message = { bytes, flags: [], internalDate: null, digest: digestMessage(bytes) };
    const heard: MailboxUpdate[] = [];
    expect(await user.openMailbox("nowhere", () => {}, "read-write")).toBeNull();
    expect(await user.append("nowhere", [message])).toBeNull();
    const opened = await user.openMailbox("INBOX", (update) => heard.push(update), "read-write");
    const appended = await user.append("INBOX", [message]);
    await opened!.store(appended!.uids, { action: "add", flags: ["\\Flagged"] });
    world.stores.mailboxes.store(
      world.stores.mailboxes.find("anna", "INBOX")!,
      appended!.uids,
      { action: "add", flags: ["\\Seen"] },
      null,
    );
    expect(heard.map(({ type }) => type)).toEqual(["appended", "flags"]);
    expect(Buffer.from((await opened!.read(1))!)).toEqual(Buffer.from(bytes));
    user.close();
    await user.append("INBOX", [message]);
    expect(heard).toHaveLength(2);
  });
});
