import { beforeEach, describe, expect, test } from "@jest/globals";
import type { ReceivedMessage } from "../../../src/bitmessage/messaging/types.js";
import type { OpenMailbox, UserMail } from "../../../src/mail/imap/backend.js";
import { digestMessage } from "../../../src/mail/imap/make-digest.js";
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
let mail: UserMail;
beforeEach(async () => {
  world = createWorld();
  mail = await world.backend.openUser(world.anna, () => {});
});

const bob = addressOf("bob");
let count = 0;

async function receive(values: Partial<ReceivedMessage> = {}): Promise<void> {
  (await world.delivery.prepare(receivedOf(world, { hash: hashOf(`junk ${++count}`), ...values })))();
}

async function open(name: string): Promise<OpenMailbox> {
  return (await mail.openMailbox(name, () => {}, "read-write"))!;
}

/** The newest mail of one folder goes to another. */
async function file(from: string, way: "copy" | "move", to: string): Promise<void> {
  const mailbox = await open(from);
  const uid = mailbox.snapshot.messages.at(-1)!.uid;
  await mailbox[way]([uid], to);
  mailbox.close();
}

const isBlocked = (address = bob) => world.stores.contacts.get("anna", address)?.blocked ?? false;
const total = (name: string) => messagesIn(world, name).length;

describe("filed under Junk", () => {
  for (const way of ["copy", "move"] as const) {
    test(`by ${way}, its sender is blocked; taken out again, he is not, whichever client does it`, async () => {
      await receive();
      await file("INBOX", way, "Junk");
      expect(isBlocked()).toBe(true);
      expect(world.stores.contacts.get("bert", bob)).toBeNull();
      await receive();
      expect([total("INBOX"), total("Junk")]).toEqual([way === "copy" ? 1 : 0, 2]);
      const other = await world.backend.openUser(world.anna, () => {});
      mail = other;
      await file("Junk", way, "INBOX");
      expect(isBlocked()).toBe(false);
      expect(world.stores.contacts.list("anna")).toEqual([]);
      const before = total("INBOX");
      await receive();
      expect(total("INBOX")).toBe(before + 1);
    });
  }

  test("and sorted below Junk or thrown away into a folder below Trash, he stays blocked", async () => {
    for (const place of ["Junk/2026", "Trash/old"]) {
      await mail.createMailbox(place, {});
      await receive();
      if (total("INBOX") > 0) await file("INBOX", "move", "Junk");
      await file("Junk", "move", place);
      expect(isBlocked()).toBe(true);
    }
  });

  test("several senders at once; a contact keeps his name", async () => {
    const carol = addressOf("carol");
    world.stores.contacts.save({ user: "anna", address: carol, label: "Carol", blocked: false });
    await receive();
    await receive({ from: carol });
    const inbox = await open("INBOX");
    await inbox.move([1, 2], "Junk");
    expect([isBlocked(), isBlocked(carol)]).toEqual([true, true]);
    const junk = await open("Junk");
    await junk.move([1, 2], "Archive");
    expect(world.stores.contacts.list("anna")).toEqual([
      { user: "anna", address: carol, label: "Carol", blocked: false },
    ]);
  });

  test("throwing junk away, and expunging it, unblocks nobody", async () => {
    await receive();
    await file("INBOX", "move", "Junk");
    await file("Junk", "copy", "Trash");
    await file("Junk", "move", "Trash");
    await file("Trash", "move", "Archive");
    expect(isBlocked()).toBe(true);
  });

  test("nor does filing within ordinary folders change anything", async () => {
    await receive();
    await file("INBOX", "move", "Archive");
    await file("Archive", "copy", "Trash");
    expect(world.stores.contacts.list("anna")).toEqual([]);
  });

  test("one's own addresses and chans are never blocked, nor the bridge and its reports", async () => {
    const chan = addressOf("chan");
    world.stores.identities.save(identityOf(chan, { chan: true, label: "general" }));
    await receive({ from: world.own });
    await receive({ from: chan, to: chan, chan: true });
    await file("INBOX", "move", "Junk");
    await file("Chans/general", "move", "Junk");
    const bytes = mailOf(`From: bridge@${DOMAIN}`, "Subject: Not delivered", "", "");
    world.stores.mailboxes.append(world.folders.ensure("anna", "INBOX"), [
      { bytes, flags: [], internalDate: null, digest: digestMessage(bytes) },
    ]);
    await file("INBOX", "move", "Junk");
    expect(world.stores.contacts.list("anna")).toEqual([]);
  });

  test("what a client uploads blocks nobody, and neither does moving it: its sender is not proven", async () => {
    const bytes = mailOf(`From: ${bob}@${DOMAIN}`, "Subject: forged", "", "");
    const upload = { bytes, flags: [], internalDate: null, digest: digestMessage(bytes) };
    await mail.append("Junk", [upload]);
    await mail.append("INBOX", [upload]);
    await file("INBOX", "move", "Junk");
    expect(world.stores.contacts.list("anna")).toEqual([]);
  });

  test("a folder that has the special use under another name", async () => {
    world.stores.mailboxes.rename("anna", "Junk", "Spam");
    await receive();
    await file("INBOX", "move", "Spam");
    expect(isBlocked()).toBe(true);
    await receive();
    expect(total("Spam")).toBe(2);
  });

  test("the move and the block are one: when one fails, nothing has happened", async () => {
    await receive();
    world.stores.contacts.save = () => {
      throw new Error("disk");
    };
    await expect(file("INBOX", "move", "Junk")).rejects.toThrow("disk");
    expect([total("INBOX"), total("Junk")]).toEqual([1, 0]);
  });
});

test("of a blocked sender all goes to Junk: messages, posts in chans, broadcasts; only for who has blocked him", async () => {
  const chan = addressOf("chan");
  for (const user of ["anna", "bert"])
    world.stores.identities.save(identityOf(chan, { chan: true, label: "general", user }));
  world.stores.contacts.save({ user: "anna", address: bob, label: "", blocked: true });
  await receive();
  await receive({ to: chan, chan: true, users: ["anna", "bert"] });
  await receive({ kind: "broadcast", to: bob });
  expect(total("Junk")).toBe(3);
  expect([total("INBOX"), total("Chans/general")]).toEqual([0, 0]);
  expect(messagesIn(world, "Chans/general", "bert")).toHaveLength(1);
});
