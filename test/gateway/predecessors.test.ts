/** What other bridges between mail and Bitmessage have done wrong. */
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { simpleParser } from "mailparser";
import type { OutboxId } from "../../src/bitmessage/messaging/types.js";
import { decodeContent, encodeSimple } from "../../src/bitmessage/protocol/content.js";
import { ObjectType } from "../../src/bitmessage/protocol/object.js";
import type { SmtpError } from "../../src/mail/smtp/error.js";
import { DAY, draft, Network, World as Person } from "../support/messaging/world.js";
import {
  addressOf,
  createWorld,
  DOMAIN,
  identityOf,
  mailOf,
  messagesIn,
  receivedOf,
  START,
  type World,
} from "./world.js";

let world: World;
beforeEach(() => {
  world = createWorld();
});

const bob = addressOf("bob");
const carol = addressOf("carol");

const usual = () => [
  `From: ${world.own}@${DOMAIN}`,
  `To: ${bob}@${DOMAIN}`,
  "Message-ID: <m1@client>",
  "Subject: Hello",
];

function submit(lines: readonly string[], recipients: readonly string[] = [bob]) {
  const envelope = {
    sender: `${world.own}@${DOMAIN}`,
    recipients: recipients.map((address) => ({ address: `${address}@${DOMAIN}` })),
  };
  return world.submission.submit(world.anna, envelope, mailOf(...lines));
}

async function refusalOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "accepted",
    (error: SmtpError) => `${error.responseCode} ${error.enhancedCode} ${error.message}`,
  );
}

function sentContent(index: number) {
  const { encoding, content } = world.outbox.drafts[index]!;
  const decoded = decodeContent(encoding, content);
  if (decoded.kind !== "content") throw new Error(decoded.kind);
  return decoded;
}

async function received(values: Parameters<typeof receivedOf>[1], mailbox = "INBOX") {
  const commit = await world.delivery.prepare(receivedOf(world, values));
  commit();
  const { text } = messagesIn(world, mailbox).at(-1)!;
  return { text, mail: await simpleParser(Buffer.from(text, "latin1")) };
}

describe("250 for mail that is dropped", () => {
  test("whatever part of the keeping fails: an error, and nothing is kept", async () => {
    const { outbox, submissions, threads, mailboxes } = world.stores;
    const failures: [object, string][] = [
      [outbox, "add"],
      [submissions, "add"],
      [threads, "remember"],
      [mailboxes, "append"],
    ];
    for (const [store, method] of failures) {
      const kept = Reflect.get(store, method);
      Reflect.set(store, method, () => {
        throw new Error("broken");
      });
      expect([method, await refusalOf(submit([...usual(), "", "text"]))]).not.toEqual([method, "accepted"]);
      Reflect.set(store, method, kept);
      expect(outbox.active()).toEqual([]);
      for (const name of ["Sent", "Outbox"]) expect(messagesIn(world, name)).toEqual([]);
    }
  });

  test("one bad recipient among good ones: none is accepted behind the client's back", async () => {
    expect(await refusalOf(submit([...usual(), "", "text"], [bob, "BM-nonsense"]))).toMatch(/^550 5\.1\./);
    expect(world.outbox.drafts).toEqual([]);
  });

  test("what is accepted is queued for each recipient before the answer", async () => {
    await submit([...usual(), "", "text"], [bob, carol]);
    expect(world.stores.outbox.active().map(({ to, state }) => [to, state])).toEqual([
      [bob, "queued"],
      [carol, "queued"],
    ]);
    expect(messagesIn(world, "Outbox")).toHaveLength(1);
  });
});

describe("Bcc is lost", () => {
  test("it is sent to, nobody else learns of it, and Sent keeps it", async () => {
    await submit([...usual(), `Bcc: ${carol}@${DOMAIN}`, "", "text"], [bob, carol]);
    expect(world.outbox.drafts.map(({ to }) => to)).toEqual([bob, carol]);
    for (const { content } of world.outbox.drafts)
      expect(Buffer.from(content).toString("latin1")).not.toMatch(/bcc|BM-/i);
    expect(messagesIn(world, "Sent")[0]!.text).toContain(`Bcc: ${carol}@${DOMAIN}\r\n`);
  });

  test("the same for a client that leaves the field out", async () => {
    await submit([...usual(), "", "text"], [bob, carol]);
    expect(world.outbox.drafts.map(({ to }) => to)).toEqual([bob, carol]);
    expect(messagesIn(world, "Sent")[0]!.text).toContain(`Bcc: <${carol}@${DOMAIN}>\r\n`);
  });
});

describe("quoted-printable and base64 reach people undecoded", () => {
  const quoted = ["Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: quoted-printable"];

  test.each([
    ["quoted-printable", [...quoted, "", "Gr=C3=BC=C3=9Fe, a long li=", "ne"]],
    [
      "capital letters and a comment",
      ["CONTENT-TRANSFER-ENCODING: Quoted-Printable (x)", "", "Gr=C3=BC=C3=9Fe, a long li=", "ne"],
    ],
    [
      "base64",
      ["Content-Transfer-Encoding: base64", "", Buffer.from("Grüße, a long line\n").toString("base64")],
    ],
    [
      "within alternatives",
      [
        "Content-Type: multipart/alternative; boundary=x",
        "",
        "--x",
        ...quoted,
        "",
        "Gr=C3=BC=C3=9Fe, a long li=",
        "ne",
        "",
        "--x",
        "Content-Type: text/html",
        "",
        "<p>x</p>",
        "--x--",
      ],
    ],
  ])("%s", async (_name, lines) => {
    await submit([...usual().slice(0, 3), "Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=", ...lines]);
    expect(sentContent(0)).toMatchObject({ subject: "Grüße", body: "Grüße, a long line\n" });
  });
});

describe("From and To of broadcasts are exchanged", () => {
  test("one that comes in: from the broadcaster, in the folder of the subscription", async () => {
    world.stores.subscriptions.save({ address: bob, label: "News", enabled: true, user: "anna" });
    const { mail, text } = await received({ kind: "broadcast", from: bob, to: bob }, "Subscriptions/News");
    expect(mail.from?.value).toEqual([{ address: `${bob}@${DOMAIN}`, name: "News" }]);
    expect(text).toContain(`${bob}.${DOMAIN}>\r\n`);
    expect(text).not.toContain(world.own);
  });

  test("one that goes out: from the identity in From, to nobody", async () => {
    const other = addressOf("anna at work");
    world.stores.identities.save(identityOf(other, { label: "work" }));
    await submit(
      [`From: ${other}@${DOMAIN}`, `To: broadcast@${DOMAIN}`, "Subject: s", "", "text"],
      ["broadcast"],
    );
    expect(world.outbox.drafts).toMatchObject([{ kind: "broadcast", from: other, to: other }]);
  });

  test("a chan's mail: from its author, to the chan", async () => {
    const chan = addressOf("chan");
    world.stores.identities.save(identityOf(chan, { chan: true, label: "Talk" }));
    const { mail } = await received({ from: carol, to: chan, chan: true }, "Chans/Talk");
    expect(mail.from?.value[0]?.address).toBe(`${carol}@${DOMAIN}`);
    expect([mail.to].flat()[0]?.value[0]?.address).toBe(`${chan}@${DOMAIN}`);
  });
});

describe("a Date that nobody can read", () => {
  const DATE =
    /^Date: (?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d \+0000\r$/m;

  test.each([
    "",
    "0",
    "yesterday",
    "Thu Jan  1 00:00:00 1970",
    "\u0661\u0662",
    "Tue, 99 Nov 2023 99:99:99 +9999",
  ])("whatever date a message claims (%j): that of receipt, in UTC", async (date) => {
    const { text, mail } = await received({ text: { headers: { date } } });
    expect(text).toMatch(DATE);
    expect(mail.date?.getTime()).toBe(START * 1000);
  });

  test("a mail without a date gets one in Sent; one with nonsense is sent all the same", async () => {
    await submit([...usual(), "", "text"]);
    expect(messagesIn(world, "Sent")[0]!.text).toMatch(DATE);
    await submit(["Date: nonsense", "Message-ID: <m2@client>", ...usual().slice(0, 2), "", "text"]);
    expect(world.outbox.drafts).toHaveLength(2);
  });
});

describe("too large, which is found after the work", () => {
  let network: Network;
  beforeEach(() => {
    network = new Network();
  });
  afterEach(() => network.stop());

  test("refused with the size and the limit before anything is kept or worked on, whatever the key of the recipient", async () => {
    const person = new Person(network, "anna");
    const stranger = addressOf("stranger");
    const from = person.secretIdentity("anna");
    const estimate = (octets: number) =>
      person.messaging.outbox.estimate(draft(from, stranger, "x".repeat(octets))).objectLength;
    expect(estimate(261_000)).toBeLessThanOrEqual(262_144);
    expect(estimate(262_144)).toBeGreaterThan(262_144);
    world.outbox.estimate = () => ({ objectLength: estimate(300_000), trials: 1e9 });
    expect(await refusalOf(submit([...usual(), "", "text"]))).toMatch(
      /^552 5\.3\.4 .*30\d{4} octets.*262144/,
    );
    expect(world.outbox.drafts).toEqual([]);
    expect(person.solver.priorities).toEqual([]);
  });
});

describe("sending again for ever, without a word", () => {
  let network: Network;
  beforeEach(() => {
    network = new Network();
  });
  afterEach(() => network.stop());

  test("it ends by the policy, after few attempts, and is told once", async () => {
    const [anna, friend] = [
      new Person(network, "anna", { policy: { giveUpAfter: 28 * DAY } }),
      new Person(network, "friend"),
    ];
    const to = friend.identity();
    await network.settle();
    network.passes = () => "lost";
    const id = anna.send(anna.secretIdentity("anna"), to, "text");
    await network.advance(365 * DAY);
    expect(anna.entry(id)).toMatchObject({ state: "failed", failure: "given-up", nextAction: null });
    const sent = network.ofType(ObjectType.msg).length;
    expect(sent).toBeLessThanOrEqual(4);
    await network.advance(365 * DAY);
    expect(network.ofType(ObjectType.msg)).toHaveLength(sent);

    await submit([...usual(), "", "text"]);
    world.outbox.change("outbox1" as OutboxId, { state: "failed", failure: "given-up", attempts: sent });
    await world.reports.deliverDue();
    await world.reports.deliverDue();
    expect(messagesIn(world, "INBOX")).toHaveLength(1);
    expect(messagesIn(world, "INBOX")[0]!.text).toContain("Action: failed\r\n");
    expect(messagesIn(world, "Outbox")).toEqual([]);
  });

  test("a recipient whose key never comes: a report of the delay, then the end", async () => {
    const anna = new Person(network, "anna", { policy: { giveUpAfter: 28 * DAY } });
    const id = anna.send(anna.secretIdentity("anna"), addressOf("nobody"), "text");
    await network.advance(2 * DAY);
    expect(anna.state(id)).toBe("awaiting-pubkey");
    await network.advance(60 * DAY);
    expect(anna.entry(id)).toMatchObject({ state: "failed", failure: "given-up" });
    const asked = network.ofType(ObjectType.getpubkey).length;
    await network.advance(365 * DAY);
    expect(network.ofType(ObjectType.getpubkey)).toHaveLength(asked);
  });
});

test("text is never cut at what looks like the marks of the encoding", () => {
  const content = decodeContent(2, encodeSimple({ subject: "Body:x", body: "Subject:a\nBody:b\n" }));
  expect(content).toMatchObject({ subject: "Body:x", body: "Subject:a\nBody:b\n" });
});
