/** Folders that stand for chans, broadcasters and identities: named by their labels, found whatever they are called, in both layouts. */
import { afterEach, describe, expect, test } from "@jest/globals";
import { changeLayout } from "../../../src/gateway/mailboxes/layout.js";
import { createFolders, type Folders, type Layout } from "../../../src/gateway/mailboxes/mailboxes.js";
import type { UserMail } from "../../../src/mail/imap/backend.js";
import { message } from "../../mail/imap/backend-contract.js";
import { addressOf, createWorld, hashOf, identityOf, messagesIn, receivedOf, type World } from "../world.js";

let world: World;
const work = addressOf("anna at work");
const bob = addressOf("bob");

function begin(layout: Layout): Promise<UserMail> {
  world = createWorld({ layout });
  world.stores.identities.save(identityOf(work, { label: "Work" }));
  world.stores.users.save({ name: "anna", passwordHash: "", created: 1 });
  world.folders.followLabels();
  return world.backend.openUser({ name: "anna" });
}

afterEach(() => {
  world.database.close();
});

async function receive(to: string, subject: string): Promise<void> {
  const received = receivedOf(world, {
    to: to as never,
    hash: hashOf(`${to} ${subject}`),
    text: { subject },
  });
  (await world.delivery.prepare(received))();
}

function names(user = "anna"): readonly string[] {
  const all = world.stores.mailboxes.list(user).map(({ name }) => name);
  return all.filter((name) => /^(?:Identities|Chans|Subscriptions)\//.test(name));
}

function subjects(name: string): readonly string[] {
  return messagesIn(world, name).map(({ text }) => /^Subject: (.*)\r$/m.exec(text)?.[1] ?? "");
}

/** The program starts again with this setting. */
function restartAs(layout: Layout): Folders {
  const folders = createFolders({ ...world.stores, layout });
  changeLayout({ ...world.stores, folders });
  folders.followLabels();
  return folders;
}

describe("split", () => {
  test("each identity has an INBOX, and reports about its mail arrive there", async () => {
    const mail = await begin("split");
    expect(names()).toEqual(["Identities/Anna at home", "Identities/Work"]);
    await receive(work, "to work");
    await receive(world.own, "to home");
    expect([subjects("Identities/Work"), subjects("Identities/Anna at home"), subjects("INBOX")]).toEqual([
      ["to work"],
      ["to home"],
      [],
    ]);
    expect(await mail.listSubscriptions()).toContain("Identities/Work");
  });

  test("a new label renames it, a new name labels the identity; UIDs, UIDVALIDITY and subscription stay", async () => {
    const mail = await begin("split");
    await receive(work, "one");
    const before = await mail.status("Identities/Work");
    world.stores.identities.save(identityOf(work, { label: "Bür*o/2" }));
    world.folders.followLabels();
    expect(names()).toEqual(["Identities/Anna at home", "Identities/Bür-o-2"]);
    expect(await mail.status("Identities/Bür-o-2")).toEqual(before);
    expect(await mail.listSubscriptions()).not.toContain("Identities/Work");
    expect(await mail.listSubscriptions()).toContain("Identities/Bür-o-2");
    await mail.renameMailbox("Identities/Bür-o-2", "Identities/Office");
    expect(world.stores.identities.get("anna", work)?.label).toBe("Office");
    world.folders.followLabels();
    await receive(work, "two");
    expect(subjects("Identities/Office")).toEqual(["one", "two"]);
  });

  test("same labels are numbered; each keeps its own folder when the other goes", async () => {
    await begin("split");
    world.stores.identities.save(identityOf(world.own, { label: "WORK", created: 1 }));
    world.folders.followLabels();
    expect(names()).toEqual(["Identities/WORK (2)", "Identities/Work"]);
    world.stores.identities.remove("anna", work);
    world.folders.followLabels();
    await receive(world.own, "mine");
    expect([subjects("Identities/WORK (2)"), subjects("Identities/Work")]).toEqual([["mine"], []]);
  });

  test("it cannot be deleted, made or moved away; when its identity is gone, it is an ordinary folder", async () => {
    const mail = await begin("split");
    const cannot = { code: "CANNOT" };
    await expect(mail.deleteMailbox("Identities/Work")).rejects.toMatchObject(cannot);
    await expect(mail.createMailbox("Identities/New", {})).rejects.toMatchObject(cannot);
    await expect(mail.renameMailbox("Identities/Work", "Work")).rejects.toMatchObject(cannot);
    await expect(mail.renameMailbox("Archive", "Identities/Archive")).rejects.toMatchObject(cannot);
    await expect(mail.renameMailbox("Identities", "People")).rejects.toMatchObject(cannot);
    world.stores.identities.remove("anna", work);
    await mail.deleteMailbox("Identities/Work");
  });
});

describe("changing the layout", () => {
  test("keeps all mail: what came in goes to its place, what was filed stays; there and back", async () => {
    const mail = await begin("combined");
    for (const [to, subject] of [
      [work, "w1"],
      [world.own, "h1"],
      [work, "w2"],
    ] as const)
      await receive(to, subject);
    await mail.append("INBOX", [message("by hand", ["\\Flagged"])]);
    const inbox = (await mail.openMailbox("INBOX", () => {}, "read-write"))!;
    await inbox.store([1], { action: "add", flags: ["\\Seen", "kw"] });
    await inbox.move([3], "Archive");
    const folders = restartAs("split");
    expect([subjects("Identities/Work"), subjects("Identities/Anna at home")]).toEqual([["w1"], ["h1"]]);
    expect([subjects("INBOX"), subjects("Archive")]).toEqual([["by hand"], ["w2"]]);
    expect(messagesIn(world, "Identities/Work")[0]?.flags).toEqual(["\\Seen", "kw"]);
    expect(folders.findIdentity("anna", "Identities/Work")?.address).toBe(work);
    restartAs("combined");
    expect(names()).toEqual([]);
    expect(subjects("INBOX")).toEqual(["by hand", "h1", "w1"]);
    expect(world.stores.mailboxes.find("anna", "Identities")).toBeNull();
    expect(subjects("Archive")).toEqual(["w2"]);
  });

  test("a person's own folders called Identities stay", async () => {
    const mail = await begin("combined");
    await mail.createMailbox("Identities/of mine", {});
    await mail.append("Identities/of mine", [message("kept")]);
    await mail.createMailbox("Identities/Work", {});
    restartAs("split");
    expect(names()).toEqual(["Identities/Anna at home", "Identities/Work", "Identities/of mine"]);
    await mail.createMailbox("Identities/Work/below", {}).catch(() => undefined);
    restartAs("combined");
    expect(subjects("Identities/of mine")).toEqual(["kept"]);
  });
});

describe("chans and broadcasters", () => {
  test("what is left behind by one is not mixed with another of the same name", async () => {
    await begin("combined");
    const [one, two] = [addressOf("one"), addressOf("two")];
    const chanOf = (address: typeof one) => identityOf(address, { chan: true, label: "general" });
    world.stores.identities.save(chanOf(one));
    world.folders.ensureChan(chanOf(one));
    world.stores.identities.remove("anna", one);
    world.stores.identities.save(chanOf(two));
    world.folders.ensureChan(chanOf(two));
    expect(names()).toEqual(["Chans/general", "Chans/general (2)"]);
    world.stores.identities.save(chanOf(one));
    expect(world.stores.mailboxes.nameOf(world.folders.ensureChan(chanOf(one)))).toBe("Chans/general");
    world.folders.followLabels();
    expect(names()).toEqual(["Chans/general", "Chans/general (2)"]);
  });

  test("a folder of a database made before is taken up by its name", async () => {
    await begin("combined");
    world.stores.mailboxes.create("anna", "Subscriptions/News", {});
    world.stores.subscriptions.save({ user: "anna", address: bob, label: "News", enabled: true });
    world.folders.followLabels();
    expect(names()).toEqual(["Subscriptions/News"]);
    expect(world.folders.findSubscription("anna", "Subscriptions/News")?.address).toBe(bob);
  });

  test("two users in one chan: each has a folder under a label of their own, each message once in both", async () => {
    await begin("combined");
    const chan = addressOf("chan general");
    world.folders.ensureInitial("berta");
    for (const [user, label] of [
      ["anna", "Town"],
      ["berta", "Square"],
    ] as const)
      world.stores.identities.save(identityOf(chan, { user, label, chan: true }));
    world.folders.followLabels();
    const received = receivedOf(world, { to: chan, chan: true, users: ["anna", "berta"] });
    for (let time = 0; time < 2; time++) (await world.delivery.prepare(received))();
    expect([names("anna"), names("berta")]).toEqual([["Chans/Town"], ["Chans/Square"]]);
    expect([messagesIn(world, "Chans/Town"), messagesIn(world, "Chans/Square", "berta")]).toMatchObject([
      [{ uid: 1 }],
      [{ uid: 1 }],
    ]);
    expect(messagesIn(world, "Chans/Square", "berta")[0]?.text).toContain("Square");
    expect(messagesIn(world, "Chans/Town")[0]?.text).not.toContain("Square");
  });
});
