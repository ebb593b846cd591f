import { beforeEach, describe, expect, test } from "@jest/globals";
import { decodeContent } from "../../../src/bitmessage/protocol/content.js";
import { digestMessage } from "../../../src/mail/imap/make-digest.js";
import type { SmtpError } from "../../../src/mail/smtp/error.js";
import type { Envelope } from "../../../src/mail/smtp/handler.js";
import {
  addressOf,
  createWorld,
  DOMAIN,
  identityOf,
  mailOf,
  messagesIn,
  START,
  type World,
} from "../world.js";

let world: World;
beforeEach(() => {
  world = createWorld();
});

const bob = addressOf("bob");
const carol = addressOf("carol");

function envelopeTo(...addresses: string[]): Envelope {
  return { sender: `${world.own}@${DOMAIN}`, recipients: addresses.map((address) => ({ address })) };
}

function mail(...lines: string[]): Uint8Array {
  return mailOf(`From: Anna <${world.own}@${DOMAIN}>`, `To: ${bob}@${DOMAIN}`, ...lines);
}

const usual = [
  "Message-ID: <m1@client>",
  "Date: Tue, 14 Nov 2023 22:00:00 +0000",
  "Subject: Hello",
  "",
  "Hi",
];

const send = (envelope: Envelope, bytes: Uint8Array) => world.submission.submit(world.anna, envelope, bytes);

async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    const { responseCode, enhancedCode, message } = error as SmtpError;
    return `${responseCode} ${enhancedCode} ${message}`;
  }
  return "accepted";
}

function expectNothingKept() {
  expect(world.outbox.drafts).toEqual([]);
  expect(messagesIn(world, "Sent")).toEqual([]);
  expect(messagesIn(world, "Outbox")).toEqual([]);
}

test("a mail without any header is all text: nothing of it is lost", async () => {
  for (const [number, bytes] of [
    mailOf("just text", "second line", "", "more"),
    mailOf("", "just text", "second line", "", "more"),
  ].entries()) {
    await send(envelopeTo(`${bob}@${DOMAIN}`), bytes);
    const { encoding, content } = world.outbox.drafts[number]!;
    expect(decodeContent(encoding, content)).toMatchObject({ body: "just text\nsecond line\n\nmore\n" });
    expect(messagesIn(world, "Sent")[number]!.text).toMatch(/>\r\n\r\njust text\r\nsecond/);
  }
});

describe("what is refused leaves nothing behind", () => {
  test("two From fields, of which one is somebody else's; no sender", async () => {
    const bytes = mailOf(`From: ${world.own}@${DOMAIN}`, "From: evil@example.com", ...usual);
    expect(await refusal(send(envelopeTo(`${bob}@${DOMAIN}`), bytes))).toMatch(/^550 5\.7\.1 .*several/);
    expect(await refusal(world.submission.checkSender(world.anna, "", {}))).toMatch(/^550 5\.7\.1 <> is not/);
    expectNothingKept();
  });

  test("senders that are not the user's: envelope and From field", async () => {
    const wrong = { ...envelopeTo(`${bob}@${DOMAIN}`), sender: `${bob}@${DOMAIN}` };
    expect(await refusal(send(wrong, mail(...usual)))).toMatch(/^550 5\.7\.1/);
    const from = mailOf(`From: ${bob}@${DOMAIN}`, ...usual);
    expect(await refusal(send(envelopeTo(`${bob}@${DOMAIN}`), from))).toMatch(/^550 5\.7\.1/);
    const two = mailOf(`From: ${world.own}@${DOMAIN}, ${bob}@${DOMAIN}`, ...usual);
    expect(await refusal(send(envelopeTo(`${bob}@${DOMAIN}`), two))).toMatch(/^550 5\.7\.1/);
    expect(await refusal(world.submission.checkSender(world.anna, "", {}))).toMatch(/^550 5\.7\.1/);
    expectNothingKept();
  });

  test("recipients, in the command and again with the mail", async () => {
    const check = (address: string) => refusal(world.submission.checkRecipient(world.anna, "", { address }));
    expect(await check("bob@example.com")).toMatch(/^550 5\.1\.2/);
    expect(await check(`BM-xyz@${DOMAIN}`)).toMatch(/^550 5\.1\.[13]/);
    expect(await check(`${bob}@${DOMAIN}`)).toBe("accepted");
    expect(await refusal(send(envelopeTo(`${bob}@${DOMAIN}`, "x@y"), mail(...usual)))).toMatch(
      /^550 5\.1\.2/,
    );
    expectNothingKept();
  });

  test("an object that cannot fit: size and limit are told", async () => {
    world.outbox.cost.objectLength = 300_000;
    const told = await refusal(send(envelopeTo(`${bob}@${DOMAIN}`), mail(...usual)));
    expect(told).toMatch(/^552 5\.3\.4 .*300000.*262144 octets, so that it is 37 KiB too large.*smaller/);
    expect(
      await refusal(world.submission.checkSender(world.anna, `${world.own}@${DOMAIN}`, { size: 99_999_999 })),
    ).toMatch(/^552 5\.3\.4 .*99999999 octets.*10485760.*262144/);
    expectNothingKept();
  });

  test("work without end, whatever the limit", async () => {
    world.outbox.cost.trials = 2 ** 64;
    const paid = mail("X-Bitmessage-Max-Work: 0", ...usual);
    expect(await refusal(send(envelopeTo(`${bob}@${DOMAIN}`), paid))).toMatch(
      /^554 5\.7\.0 .*18446744073709552000 trials.*nobody can write/,
    );
  });

  test("too much work: trials and minutes are told; the mail's own limit counts before the policy's", async () => {
    world.policy.maximumWork = 1000;
    world.outbox.cost.trials = 600_000_000;
    const told = await refusal(send(envelopeTo(`${bob}@${DOMAIN}`), mail(...usual)));
    expect(told).toMatch(
      /^554 5\.7\.0 .*600000000 trials, about 10 minutes .*1000 trials \(send\.max_work\).*X-Bitmessage-Max-Work: 660000000/,
    );
    expectNothingKept();
    expect(
      await refusal(send(envelopeTo(`${bob}@${DOMAIN}`), mail("X-Bitmessage-Max-Work: 0", ...usual))),
    ).toBe("accepted");
  });

  test("a full disk, in the middle of the transaction", async () => {
    const { submissions } = world.stores;
    submissions.add = () => {
      throw Object.assign(new Error("database or disk is full"), { code: "SQLITE_FULL" });
    };
    expect(await refusal(send(envelopeTo(`${bob}@${DOMAIN}`), mail(...usual)))).toMatch(/^452 4\.3\.1/);
    expect(world.stores.outbox.active()).toEqual([]);
    expect(messagesIn(world, "Sent")).toEqual([]);
  });
});

describe("what is accepted", () => {
  test("an entry for each recipient, one Sent copy and one Outbox copy, the submission", async () => {
    const { queueId } = await send(
      envelopeTo(`${bob}@${DOMAIN}`, `${carol}+x@${DOMAIN}`, `${bob}@elsewhere`),
      mail(...usual),
    );
    expect(world.outbox.drafts.map(({ kind, from, to, encoding }) => [kind, from, to, encoding])).toEqual([
      ["msg", world.own, bob, 2],
      ["msg", world.own, carol, 2],
    ]);
    for (const name of ["Sent", "Outbox"]) {
      expect(messagesIn(world, name)).toMatchObject([{ flags: ["\\Seen", "$BmQueued"] }]);
    }
    expect(world.stores.submissions.get(queueId)).toMatchObject({
      user: "anna",
      messageId: "m1@client",
      subject: "Hello",
      recipients: [
        { address: bob, original: `${bob}@${DOMAIN}` },
        { address: carol, original: `${carol}+x@${DOMAIN}` },
      ],
    });
  });

  test("Sent and Outbox show one mail, which is kept once", async () => {
    await send(envelopeTo(`${bob}@${DOMAIN}`), mail(...usual));
    const { mailboxes } = world.stores;
    const [sent, outbox] = ["Sent", "Outbox"].map((name) => {
      const [record] = mailboxes.records(mailboxes.find("anna", name)!, [1]);
      return record!;
    });
    expect(sent!.emailId).toBe(outbox!.emailId);
    expect(outbox!.internalDate).toEqual({ seconds: START, zone: 0 });
    mailboxes.expunge(mailboxes.find("anna", "Sent")!, [1], "any", null);
    expect(messagesIn(world, "Outbox")).toMatchObject([{ text: expect.stringContaining("Hello") }]);
  });

  test("hidden recipients stay hidden, and Sent tells who they were", async () => {
    await send(envelopeTo(`${bob}@${DOMAIN}`, `${carol}@${DOMAIN}`), mail(...usual));
    for (const { content } of world.outbox.drafts)
      expect(Buffer.from(content).toString()).not.toContain(carol);
    expect(messagesIn(world, "Sent")[0]!.text).toMatch(new RegExp(`^Bcc: <${carol}@${DOMAIN}>\r\n`, "m"));
  });

  test("a mail with all its fields is kept byte for byte; missing ones are added, a Message-ID that is none is replaced", async () => {
    const whole = mail(...usual);
    await send(envelopeTo(`${bob}@${DOMAIN}`), whole);
    expect(messagesIn(world, "Sent")[0]!.text).toBe(Buffer.from(whole).toString("latin1"));
    await send(
      envelopeTo(`${bob}@${DOMAIN}`),
      mailOf("Message-ID: <bad id>", `To: ${bob}@${DOMAIN}`, "Subject: x", "", "y"),
    );
    const { text } = messagesIn(world, "Sent")[1]!;
    expect(text).toMatch(
      /^Message-ID: <id\d+@bm\.localhost>\r\nDate: Tue, 14 Nov 2023 22:13:20 \+0000\r\nFrom: <BM-.*>\r\nTo: /,
    );
    expect(text).not.toContain("bad id");
    await send(envelopeTo(`${bob}@${DOMAIN}`), mailOf("only text"));
    expect(messagesIn(world, "Sent")[2]!.text).toMatch(/\r\n\r\nonly text\r\n$/);
  });

  test("a broadcast comes from the identity in From", async () => {
    const second = addressOf("anna at work");
    world.stores.identities.save(identityOf(second, { label: "work" }));
    const from = mailOf(`From: ${second}@${DOMAIN}`, ...usual);
    await send({ ...envelopeTo(`broadcast@${DOMAIN}`) }, from);
    expect(world.outbox.drafts).toMatchObject([{ kind: "broadcast", from: second, to: second }]);
  });

  test.each(["constructor", "__proto__", "toString"])("an encoding called %s is none", async (word) => {
    const sending = send(envelopeTo(`${bob}@${DOMAIN}`), mail(`X-Bitmessage-Encoding: ${word}`, ...usual));
    await expect(sending).rejects.toThrow(/must be trivial, simple or extended/);
  });

  test("an answer names the inventory vectors of what it answers", async () => {
    const thread = {
      user: "anna",
      correspondent: bob,
      baseSubject: "hello",
      excerpt: "",
      references: [],
      time: START,
    };
    world.stores.threads.remember({ ...thread, messageId: "q@bob", hash: "ab".repeat(32) });
    const fields = ["X-Bitmessage-Encoding: extended", "In-Reply-To: <q@bob>"];
    await send(envelopeTo(`${bob}@${DOMAIN}`), mail(...fields, ...usual));
    const { encoding, content } = world.outbox.drafts[0]!;
    const decoded = decodeContent(encoding, content);
    expect(decoded).toMatchObject({
      parents: [new Uint8Array(32).fill(0xab)],
      headers: { "in-reply-to": "<q@bob>" },
    });
  });
});

describe("one copy in Sent (MAIL-MAPPING section 7)", () => {
  const newMessage = (bytes: Uint8Array) => ({
    bytes,
    flags: ["\\Seen", "\\Answered"],
    internalDate: null,
    digest: digestMessage(bytes),
  });
  const append = async (name: string, bytes: Uint8Array) => {
    const user = await world.backend.openUser(world.anna);
    return user.append(name, [newMessage(bytes)]);
  };

  test("[65] the client appends after it has submitted, even with other bytes", async () => {
    await send(envelopeTo(`${bob}@${DOMAIN}`), mail(...usual));
    const result = await append("Sent", mail("X-Mozilla-Status: 1", ...usual));
    const [copy, ...others] = messagesIn(world, "Sent");
    expect(others).toEqual([]);
    expect(result?.uids).toEqual([copy!.uid]);
    expect(copy!.flags).toEqual(expect.arrayContaining(["\\Seen", "\\Answered", "$BmQueued"]));
  });

  test("the client appends before it submits", async () => {
    const result = await append("Sent", mail(...usual));
    await send(envelopeTo(`${bob}@${DOMAIN}`), mail(...usual));
    expect(messagesIn(world, "Sent")).toMatchObject([
      { uid: result!.uids[0], flags: expect.arrayContaining(["$BmQueued"]) },
    ]);
    expect(messagesIn(world, "Outbox")).toHaveLength(1);
  });

  test("not after an hour, not elsewhere, not by content", async () => {
    await send(envelopeTo(`${bob}@${DOMAIN}`), mail(...usual));
    await append("Drafts", mail(...usual));
    expect(messagesIn(world, "Drafts")).toHaveLength(1);
    await append("Sent", mail("Message-ID: <m2@client>", ...usual.slice(1)));
    expect(messagesIn(world, "Sent")).toHaveLength(2);
    world.time.now += 3601;
    await append("Sent", mail(...usual));
    expect(messagesIn(world, "Sent")).toHaveLength(3);
  });

  test("nothing is appended or copied to the Outbox", async () => {
    await expect(append("Outbox", mail(...usual))).rejects.toMatchObject({ status: "NO", code: "CANNOT" });
    await append("Drafts", mail(...usual));
    const user = await world.backend.openUser(world.anna);
    const drafts = await user.openMailbox("Drafts", () => {}, "read-write");
    await expect(drafts!.copy([1], "Outbox")).rejects.toMatchObject({ code: "CANNOT" });
    await expect(drafts!.move([1], "Outbox")).rejects.toMatchObject({ code: "CANNOT" });
  });
});
