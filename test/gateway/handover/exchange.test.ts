/** Ordinary recipients, ordinary senders and delivery targets, as the gateway sees them. */
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Recipient } from "../../../src/mail/smtp/handler.js";
import {
  addressOf,
  createWorld,
  DOMAIN,
  identityOf,
  mailOf,
  messagesIn,
  receivedOf,
  START,
  textOf,
  type World,
} from "../world.js";

const bob = `${addressOf("bob")}@bm.localhost`;
const sender = `${addressOf("anna")}@bm.localhost`;
const eve = "eve@example.com";

let world: World;
beforeEach(() => {
  world = createWorld({ ordinary: [{ owner: "anna", address: "anna@example.org" }] });
});
afterEach(() => {
  world.database.close();
});

function submit(recipients: (string | Recipient)[], lines: string[] = [], user: object = { name: "anna" }) {
  const mail = mailOf(`From: ${sender}`, "Message-ID: <one@client>", "Subject: Hello", ...lines, "", "text");
  const all = recipients.map((one) => (typeof one === "string" ? { address: one } : one));
  return world.submission.submit(user as { name: string }, { sender, recipients: all }, mail);
}

const waiting = () => world.stores.handovers.list();

describe("ordinary recipients", () => {
  test("are refused without a smarthost", async () => {
    world = createWorld();
    const refusal = { responseCode: 550, enhancedCode: "5.1.2" };
    await expect(world.submission.checkRecipient(world.anna, sender, { address: eve })).rejects.toMatchObject(
      refusal,
    );
    await expect(submit([eve])).rejects.toMatchObject(refusal);
    expect(waiting()).toEqual([]);
  });

  test("who are named twice get the mail once", async () => {
    await submit(["eve@example.com", "eve@EXAMPLE.com", "Eve@example.com"]);
    expect(waiting().map(({ recipient }) => recipient)).toEqual(["Eve@example.com", "eve@example.com"]);
  });

  test("do not learn who it is that writes in a chan", async () => {
    const chan = addressOf("chan");
    world.stores.identities.save(identityOf(chan, { chan: true, label: "talk" }));
    const from = `${chan}@${DOMAIN}`;
    const refusal = { responseCode: 550, enhancedCode: "5.7.1", message: expect.stringMatching(/is a chan/) };
    await expect(world.submission.checkRecipient(world.anna, from, { address: eve })).rejects.toMatchObject(
      refusal,
    );
    const mail = mailOf(`From: ${from}`, "Subject: Hello", "", "text");
    const envelope = { sender: from, recipients: [{ address: eve }, { address: from }] };
    await expect(world.submission.submit(world.anna, envelope, mail)).rejects.toMatchObject(refusal);
    expect([waiting(), messagesIn(world, "Sent")]).toEqual([[], []]);
  });

  test("draw no more automatic answers than others", async () => {
    const answer = () => submit(["eve@example.com"], ["Auto-Submitted: auto-replied"]);
    for (let count = 0; count < 3; count++) await answer();
    await expect(answer()).rejects.toMatchObject({ message: expect.stringMatching(/auto_reply_limit/) });
    expect(waiting()).toHaveLength(3);
  });

  test("are refused to who has no address that they could answer", async () => {
    world = createWorld({ ordinary: [{ owner: "bert", address: "bert@example.org" }] });
    const refusal = {
      responseCode: 550,
      enhancedCode: "5.7.1",
      message: expect.stringMatching(/mail\.addresses/),
    };
    await expect(world.submission.checkRecipient(world.anna, sender, { address: eve })).rejects.toMatchObject(
      refusal,
    );
    await expect(submit([bob, eve])).rejects.toMatchObject(refusal);
    expect([waiting(), world.outbox.drafts, messagesIn(world, "Sent")]).toEqual([[], [], []]);
  });

  test("of no mail address are refused", async () => {
    for (const address of ["eve@", "@example.com", "eve@host", "a b@example.com", "eve@-x.example", "e@x..y"])
      await expect(world.submission.checkRecipient(world.anna, sender, { address })).rejects.toMatchObject({
        responseCode: 550,
      });
    for (const address of ["bm-x@example.com", `${addressOf("bob")}@example.com`])
      await world.submission.checkRecipient(world.anna, sender, { address }).catch((error) => {
        expect(error.enhancedCode).toBe("5.1.3");
      });
    expect(waiting()).toEqual([]);
  });

  test("get the mail through the queue, each by himself, without each other's secrets", async () => {
    const wish: Recipient = { address: "mallory@example.com", notify: ["NEVER"], orcpt: "rfc822;m@x" };
    await submit([eve, wish, bob], [`To: ${eve}, ${bob}`, "Bcc: mallory@example.com", "User-Agent: secret"]);
    expect(waiting()).toMatchObject([
      {
        recipient: "mallory@example.com",
        wishes: { notify: ["NEVER"], orcpt: "rfc822;m@x", ret: "HDRS" },
      },
      { recipient: eve, sender: "anna@example.org", target: "relay", user: "anna", messageId: "one@client" },
    ]);
    const text = textOf(world.stores.handovers.read(waiting()[0]!.id)!);
    expect(text).not.toMatch(/BM-|mallory|User-Agent|Bcc/);
    expect(text).toMatch(/^From: anna@example\.org\r$/m);
    expect(world.outbox.drafts.map((draft) => draft.to)).toEqual([addressOf("bob")]);
  });

  test("show their states on the copies in Sent and Outbox, beside the others'", async () => {
    await submit([eve, bob]);
    expect(messagesIn(world, "Sent")[0]?.flags).toEqual(["\\Seen", "$BmQueued"]);
    world.outbox.change(world.stores.outbox.list({})[0]!.id, { state: "acknowledged" });
    expect(messagesIn(world, "Outbox")[0]?.flags).toEqual(["\\Seen", "$BmDelivered", "$BmQueued"]);
    world.stores.transactions.run(() => void world.handoverQueue.cancel(waiting()[0]!.id));
    expect(messagesIn(world, "Sent")[0]?.flags).toEqual(["\\Seen", "$BmCancelled", "$BmDelivered"]);
    expect(messagesIn(world, "Outbox")).toEqual([]);
  });

  test("alone may get what is too large for the network", async () => {
    world.outbox.cost.objectLength = 1_000_000;
    await expect(submit([eve, bob])).rejects.toMatchObject({ responseCode: 552 });
    expect(waiting()).toEqual([]);
    await submit([eve]);
    expect(waiting()).toHaveLength(1);
  });

  test("are cancelled by deleting the mail from Outbox", async () => {
    await submit([eve]);
    const mail = await world.backend.openUser({ name: "anna" }, () => {});
    const outbox = (await mail.openMailbox("Outbox", () => {}, "read-write"))!;
    await outbox.expunge([messagesIn(world, "Outbox")[0]!.uid], "any");
    expect(waiting()).toMatchObject([{ state: "cancelled" }]);
    outbox.close();
    mail.close();
  });
});

describe("a trusted mail server", () => {
  const server = { name: "anna", server: "trusted" } as const;

  test("brings mail of identities, by their ordinary or Bitmessage addresses", async () => {
    expect(await world.submission.submitterOf?.("Anna@Example.ORG")).toEqual(server);
    expect(await world.submission.submitterOf?.(sender)).toEqual(server);
    const mail = mailOf("From: Anna <anna@example.org>", `To: ${bob}`, "Subject: Hello", "", "text");
    const envelope = { sender: "anna@example.org", recipients: [{ address: bob }] };
    await world.submission.submit(server, envelope, mail);
    expect(world.outbox.drafts).toMatchObject([{ from: world.own, to: addressOf("bob") }]);
  });

  test("brings nothing of strangers, of chans, of disabled identities, and no reports", async () => {
    const { identities } = world.stores;
    identities.save(identityOf(addressOf("chan"), { chan: true }));
    identities.save(identityOf(addressOf("off"), { enabled: false }));
    for (const address of [
      "",
      "eve@example.com",
      bob,
      `${addressOf("chan")}@x`,
      `${addressOf("off")}@x`,
      "anna@bm.localhost",
    ])
      await expect(world.submission.submitterOf?.(address)).rejects.toMatchObject({
        responseCode: 550,
        enhancedCode: "5.7.1",
      });
  });

  test("may not write in another's name inside of the mail", async () => {
    const mail = mailOf(`From: ${bob}`, "", "text");
    const envelope = { sender: "anna@example.org", recipients: [{ address: bob }] };
    await expect(world.submission.submit(server, envelope, mail)).rejects.toMatchObject({
      responseCode: 550,
    });
  });

  test("reaches Bitmessage only: no ordinary recipients, no administration", async () => {
    for (const address of [eve, "bridge@bm.localhost"])
      await expect(world.submission.checkRecipient(server, sender, { address })).rejects.toMatchObject({
        enhancedCode: "5.7.1",
      });
  });

  test("is told of a mail that goes round in a circle", async () => {
    const hops = Array.from({ length: 51 }, () => "Received: from a by b; Tue, 14 Nov 2023 22:13:20 +0000");
    await expect(submit([bob], hops, server)).rejects.toMatchObject({ enhancedCode: "5.4.6" });
    await submit([bob], hops.slice(1), server);
    expect(world.outbox.drafts).toHaveLength(1);
  });
});

describe("delivery targets", () => {
  const rule = {
    users: null,
    addresses: null,
    kinds: ["message", "chan", "broadcast", "report"],
    recipient: null,
  } as const;

  async function receive(values: Parameters<typeof receivedOf>[1] = {}) {
    const deliver = await world.delivery.prepare(receivedOf(world, values));
    deliver();
  }

  test("each gets a received mail once, in the transaction that delivers it", async () => {
    const rules = [
      { ...rule, target: "a" },
      { ...rule, target: "b", recipient: "{user}+bm@example.org" },
    ];
    world = createWorld({ rules, ordinary: [{ owner: addressOf("anna"), address: "anna@example.org" }] });
    await receive();
    await receive();
    expect(waiting()).toMatchObject([
      { target: "b", recipient: "anna+bm@example.org" },
      { target: "a", recipient: "anna@example.org", sender: bob, subject: "Hello", wishes: null },
    ]);
    expect(textOf(world.stores.handovers.read(waiting()[0]!.id)!)).toBe(messagesIn(world, "INBOX")[0]?.text);
    await expect(
      (async () => {
        const deliver = await world.delivery.prepare(receivedOf(world, { hash: "f".repeat(64) as never }));
        world.stores.transactions.run((): void => {
          deliver();
          throw new Error("no");
        });
      })(),
    ).rejects.toThrow("no");
    expect(waiting()).toHaveLength(2);
  });

  test("get what their rules ask for", async () => {
    const chan = addressOf("chan");
    const rules = [
      { ...rule, target: "bert", users: ["bert"] },
      { ...rule, target: "chans", kinds: ["chan"] as const },
      { ...rule, target: "this-chan", addresses: [chan] },
    ];
    world = createWorld({ rules });
    await receive();
    await receive({ hash: "1".repeat(64) as never, chan: true, to: chan });
    expect(waiting().map(({ target, recipient }) => `${target} ${recipient}`)).toEqual([
      "this-chan anna",
      "chans anna",
    ]);
  });

  test("get the reports about sent mail, too", async () => {
    world = createWorld({ rules: [{ ...rule, target: "home" }] });
    await submit([bob]);
    world.outbox.change(world.stores.outbox.list({})[0]!.id, { state: "failed", failure: "given-up" });
    await world.reports.deliverDue();
    expect(waiting()).toMatchObject([
      { target: "home", sender: "", subject: "Not delivered: Hello", created: START },
    ]);
  });
});
