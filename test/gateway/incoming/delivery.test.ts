import { beforeEach, describe, expect, test } from "@jest/globals";
import type { ReceivedMessage } from "../../../src/bitmessage/messaging/types.js";
import { fromHex } from "../../../src/bitmessage/protocol/bytes.js";
import {
  addressOf,
  createWorld,
  DOMAIN,
  hashOf,
  identityOf,
  mailOf,
  messagesIn,
  receivedOf,
  START,
  type World,
} from "../world.js";

let world: World;
beforeEach(() => {
  world = createWorld();
});

const bob = addressOf("bob");

async function deliver(values: Parameters<typeof receivedOf>[1] = {}) {
  const commit = await world.delivery.prepare(receivedOf(world, values));
  commit();
}

const field = (text: string, name: string) =>
  new RegExp(`^${name}: (.*(?:\r\n[ \t].*)*)`, "im").exec(text)?.[1]?.replace(/\r\n/g, "") ?? null;

describe("where a message goes", () => {
  test("once, however often and however parallel it is delivered", async () => {
    const commits = await Promise.all([1, 2].map(() => world.delivery.prepare(receivedOf(world))));
    for (const commit of commits) commit();
    await deliver();
    expect(messagesIn(world, "INBOX")).toMatchObject([{ flags: [] }]);
  });

  test("a commit that is rolled back leaves it to be delivered", async () => {
    const commit = await world.delivery.prepare(receivedOf(world));
    expect(() =>
      world.stores.transactions.run(() => {
        commit();
        throw new Error("crash");
      }),
    ).toThrow("crash");
    expect(messagesIn(world, "INBOX")).toEqual([]);
    await deliver();
    expect(messagesIn(world, "INBOX")).toHaveLength(1);
  });

  test("a chan's to its folder, with its list fields and answers to the chan", async () => {
    const chan = addressOf("chan");
    world.stores.identities.save(identityOf(chan, { chan: true, label: 'Ge/neral "ü"\r\nX: y' }));
    await deliver({ to: chan, chan: true });
    const [mail] = messagesIn(world, "Chans/Ge-neral -ü- X: y");
    expect(field(mail!.text, "List-Id")).toBe(`"Ge/neral X: y" <${chan}.${DOMAIN}>`);
    expect(field(mail!.text, "List-Post")).toBe(`<mailto:${chan}@${DOMAIN}>`);
    expect(field(mail!.text, "List-Unsubscribe")).toContain(chan);
    expect(field(mail!.text, "Reply-To")).toContain(`<${chan}@${DOMAIN}>`);
    expect(messagesIn(world, "INBOX")).toEqual([]);
  });

  test("a broadcast to the folder of its subscription, to each who follows", async () => {
    world.stores.subscriptions.save({ address: bob, label: "News", enabled: true, user: "anna" });
    await deliver({ kind: "broadcast", to: bob, users: ["anna", "berta"] });
    expect(field(messagesIn(world, "Subscriptions/News")[0]!.text, "List-Post")).toBe("NO");
    expect(messagesIn(world, `Subscriptions/${bob}`, "berta")).toHaveLength(1);
  });

  test("chans of one label get numbers", async () => {
    const chans = ["one", "two"].map((name, index) => {
      const chan = identityOf(addressOf(name), {
        chan: true,
        label: index === 0 ? "Talk" : "talk",
        created: START + index,
      });
      world.stores.identities.save(chan);
      return chan;
    });
    for (const { address } of chans) await deliver({ to: address, chan: true, hash: hashOf(address) });
    expect(messagesIn(world, "Chans/Talk")).toHaveLength(1);
    expect(messagesIn(world, "Chans/talk (2)")).toHaveLength(1);
  });
});

describe("threads", () => {
  const thread = async (
    text: NonNullable<Parameters<typeof receivedOf>[1]>["text"],
    values: Partial<ReceivedMessage> = {},
  ) => {
    const hash = hashOf(JSON.stringify([text, values.from]));
    await deliver({ ...values, hash, ...(text === undefined ? {} : { text }) });
    const mail = messagesIn(world, "INBOX").at(-1)!.text;
    return ["Message-ID", "In-Reply-To", "References"].map((name) => field(mail, name));
  };
  const sendQuestion = () => {
    const sender = `${world.own}@${DOMAIN}`;
    const bytes = mailOf(
      `From: ${sender}`,
      "Message-ID: <q@anna>",
      "References: <old@anna>",
      "Subject: Lunch?",
      "",
      "x",
    );
    return world.submission.submit(
      world.anna,
      { sender, recipients: [{ address: `${bob}@${DOMAIN}` }] },
      bytes,
    );
  };

  test("carried fields stay as they are", async () => {
    const headers = { "message-id": "<r@bob>", "in-reply-to": "<q@anna>", references: "<old@anna> <q@anna>" };
    expect(await thread({ headers })).toEqual(["<r@bob>", "<q@anna>", "<old@anna> <q@anna>"]);
  });

  test("hostile ones become the hash form or go", async () => {
    for (const id of [
      "",
      "<>",
      "<a\r\nBcc: x@b>",
      "<a b@c>",
      "<a@b@c>",
      `<${"a".repeat(300)}@b>`,
      "<ü@b>",
      "no brackets",
    ]) {
      const [messageId] = await thread({ headers: { "message-id": id } });
      expect(messageId).toMatch(/^<[0-9a-f]{64}@bm\.localhost>$/);
    }
    const [, inReplyTo, references] = await thread({
      headers: { "in-reply-to": "<a@b@c> x", references: "<\u00fc@b> <ok@b> <no>" },
    });
    expect([inReplyTo, references]).toEqual([null, "<ok@b>"]);
  });

  test("by inventory vector", async () => {
    await sendQuestion();
    const id = world.outbox.drafts.length;
    world.outbox.change(`outbox${id}` as never, { state: "sent", inventoryHash: hashOf("question") });
    const [, inReplyTo, references] = await thread({
      parents: [fromHex(hashOf("else")), fromHex(hashOf("question"))],
    });
    expect([inReplyTo, references]).toEqual(["<q@anna>", "<old@anna> <q@anna>"]);
  });

  test("by subject, for an answer from the same correspondent only", async () => {
    await sendQuestion();
    expect((await thread({ subject: "RE: lunch? " }))[1]).toBe("<q@anna>");
    expect((await thread({ subject: "Lunch?" }))[1]).toBeNull();
    expect((await thread({ subject: "Re: Lunch?" }, { from: addressOf("eve") }))[1]).toBeNull();
  });
});
