import { deflateSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { encode } from "@msgpack/msgpack";
import fc from "fast-check";
import { decodeContent, Encoding } from "../../../src/bitmessage/protocol/content.js";
import { listAuthor, listBody, listSubject } from "../../../src/gateway/incoming/mailing-list-form.js";
import { addressOf, createWorld, hashOf, messagesIn, receivedOf, START, type World } from "../world.js";

const bob = addressOf("bob");

let world: World;
beforeEach(() => {
  world = createWorld();
});
afterEach(() => {
  world.database.close();
});

let count = 0;
async function receive(values: Parameters<typeof receivedOf>[1] = {}) {
  const deliver = await world.delivery.prepare(receivedOf(world, { hash: hashOf(`n${++count}`), ...values }));
  deliver();
}

const sent = () =>
  world.outbox.drafts.map((draft) => {
    const content = decodeContent(draft.encoding, draft.content);
    return content.kind === "content" ? { ...content, draft } : null;
  });

describe("the form of PyBitmessage's lists", () => {
  test("subjects", () => {
    expect(
      [
        "Hello",
        "Re: Hello",
        "RE:Hello",
        "re: Hello",
        "Re: [crypto] Hello",
        "  x [crypto]",
        "Re: Re: a",
        "",
      ].map((one) => listSubject(one, "crypto")),
    ).toEqual([
      "[crypto] Hello",
      "[crypto] Hello",
      "[crypto] Hello",
      "[crypto] re: Hello",
      "[crypto] Hello",
      "x [crypto]",
      "[crypto] Re: a",
      "[crypto] ",
    ]);
  });

  test("bodies", () => {
    const body = listBody("How are you?\n", bob, START);
    expect(body).toBe(`Tue, 2023-11-14 22:13:20 UTC   Message ostensibly from ${bob}:\n\nHow are you?\n`);
    expect(listAuthor(body)).toBe(bob);
  });

  test("nothing else is taken for it", () => {
    const body = listBody("x", bob, START);
    for (const other of [
      "",
      `> ${body}`,
      `\n${body}`,
      body.replace("\n\n", "\n"),
      body.replace("Tue", "Today"),
      body.replace(bob, "BM-nobody"),
      body.replace(bob, `${bob.slice(0, -1)}${bob.endsWith("a") ? "b" : "a"}`),
      body.replace(bob, `${bob}>\r\nBcc: x`),
    ])
      expect(listAuthor(other)).toBeNull();
    fc.assert(fc.property(fc.string(), (text) => listAuthor(text) === null));
  });
});

describe("an identity that is a list", () => {
  beforeEach(() => world.mailingLists.setName(world.own, "crypto"));

  test("broadcasts what it receives, for two weeks, and keeps it in INBOX", async () => {
    await receive({ text: { subject: "Re: Hello", body: "text\n", headers: { "message-id": "<a@b>" } } });
    expect(sent()).toMatchObject([
      {
        subject: "[crypto] Hello",
        body: `Tue, 2023-11-14 22:13:20 UTC   Message ostensibly from ${bob}:\n\ntext\n`,
        headers: { "message-id": "<a@b>" },
        draft: { kind: "broadcast", from: world.own, to: world.own, encoding: 2, ttl: 1_209_600 },
      },
    ]);
    expect(messagesIn(world, "INBOX")).toHaveLength(1);
  });

  test("once for each message, and not at all when its delivery is undone", async () => {
    await receive({ hash: hashOf("same") });
    await receive({ hash: hashOf("same") });
    const deliver = await world.delivery.prepare(receivedOf(world, { hash: hashOf("undone") }));
    const failing = () =>
      world.stores.transactions.run((): void => {
        deliver();
        throw new Error("no");
      });
    expect(failing).toThrow("no");
    expect(world.stores.outbox.list({})).toHaveLength(1);
  });

  test("keeps the encoding and the attachments; without them when they are too large, and says so", async () => {
    const files = [{ name: "a", data: new Uint8Array(9), type: "a/b", disposition: "attachment" as const }];
    await receive({ encoding: 3, text: { files } });
    expect(sent()[0]).toMatchObject({ files: [{ name: "a" }], draft: { encoding: Encoding.extended } });
    const { estimate } = world.outbox;
    world.outbox.estimate = ((draft: { content: Uint8Array }) => ({
      ...estimate.call(world.outbox),
      objectLength: sizeOf(draft) > 0 ? 1_000_000 : 500,
    })) as never;
    await receive({ encoding: 3, text: { files } });
    expect(sent()[1]).toMatchObject({ files: [], body: expect.stringMatching(/too large for a broadcast/) });
    world.outbox.estimate = (() => ({ ...world.outbox.cost, objectLength: 1_000_000 })) as never;
    await receive({ encoding: 3, text: { files } });
    expect(sent()).toHaveLength(2);
  });

  test("carries on whatever threads it has received: no field is too long for that, in either encoding", async () => {
    for (const encoding of [Encoding.simple, Encoding.extended]) {
      for (let length = 4060; length <= 4100; length++) {
        const references = "x".repeat(length);
        const content = decodeContent(encoding, withReferences(encoding, references));
        if (content.kind !== "content") throw new Error("no content");
        await receive({
          encoding,
          from: addressOf(`${encoding} ${length}`),
          content: { ...content, kind: "text" },
        });
      }
    }
    expect(messagesIn(world, "INBOX")).toHaveLength(82);
  });

  test("does not start loops: automatic mail, other lists, its own echo, broadcasts", async () => {
    const other = addressOf("other list");
    world.mailingLists.setName(other, "other");
    for (const mark of ["auto-replied", "auto-generated", "auto-notified"])
      await receive({ text: { headers: { "auto-submitted": mark } } });
    await receive({ from: other });
    await receive({ from: world.own });
    await receive({ text: { subject: "[crypto] Hello", body: listBody("x", bob, START) } });
    await receive({ kind: "broadcast", to: bob });
    await receive({ chan: true, to: addressOf("chan") });
    await receive({ content: { kind: "placeholder", raw: new Uint8Array(3) } });
    expect(sent()).toEqual([]);
    await receive({ text: { headers: { "auto-submitted": "no" } } });
    expect(sent()).toHaveLength(1);
  });

  test("works only so much in an hour for one sender, and for all", async () => {
    for (let message = 0; message < 25; message++) await receive();
    expect(sent()).toHaveLength(20);
    for (let message = 0; message < 100; message++) await receive({ from: addressOf(`sender ${message}`) });
    expect(sent()).toHaveLength(100);
    await receive({ received: START + 3601 });
    expect(sent()).toHaveLength(101);
  });

  test("broadcasts nothing of who is blocked, and nothing when it is a list no longer", async () => {
    world.stores.contacts.save({ user: "anna", address: bob, label: "", blocked: true });
    await receive();
    world.mailingLists.setName(world.own, null);
    await receive({ from: addressOf("carol") });
    expect([sent(), world.mailingLists.nameOf(world.own)]).toEqual([[], null]);
  });

  test("has a harmless name", () => {
    world.mailingLists.setName(world.own, "a]\r\n[b\0");
    expect(world.mailingLists.nameOf(world.own)).toBe("a b");
  });
});

describe("what a list has broadcast", () => {
  const list = addressOf("list");
  const broadcast = { kind: "broadcast", from: list, to: list } as const;

  test("names the author as the list does, in the list's name, and answers go to all", async () => {
    world.stores.contacts.save({ user: "anna", address: bob, label: "Bob", blocked: false });
    world.stores.subscriptions.save({ user: "anna", address: list, label: "crypto", enabled: true });
    await receive({ ...broadcast, text: { subject: "[crypto] Hello", body: listBody("text", bob, START) } });
    const [{ text } = { text: "" }] = messagesIn(world, "Subscriptions/crypto");
    expect(text).toContain(`From: Bob via crypto <${list}@bm.localhost>\r\n`);
    expect(text).toContain(`X-Bitmessage-Claimed-From: <${bob}@bm.localhost>\r\n`);
    expect(text).toContain(`List-Post: <mailto:${list}@bm.localhost>\r\n`);
    expect(text).toContain(`${bob}:\r\n\r\ntext`);
  });

  test("is no proof: a person cannot write in another's name that way", async () => {
    await receive({ text: { body: listBody("text", addressOf("carol"), START) } });
    const [{ text } = { text: "" }] = messagesIn(world, "INBOX");
    expect(text).toContain(`From: ${bob}@bm.localhost\r\n`);
    expect(text).not.toContain("Claimed-From");
  });
});

/** As another program may write it, up to the longest that is read. */
function withReferences(encoding: number, references: string): Uint8Array {
  if (encoding === Encoding.extended) return deflateSync(encode({ "": "message", references }));
  return new TextEncoder().encode(`Subject:s\nReferences:${references}\nBody:b`);
}

function sizeOf(draft: { content: Uint8Array }): number {
  const content = decodeContent(3, draft.content);
  return content.kind === "content" ? content.files.length : 0;
}
