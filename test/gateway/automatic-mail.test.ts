import { beforeEach, describe, expect, test } from "@jest/globals";
import { decodeContent } from "../../src/bitmessage/protocol/content.js";
import { readAutomation } from "../../src/gateway/automatic-mail.js";
import type { SmtpError } from "../../src/mail/smtp/error.js";
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
} from "./world.js";

let world: World;
beforeEach(() => {
  world = createWorld();
});

const bob = addressOf("bob");
let count = 0;

async function send(to: string, ...fields: string[]): Promise<string> {
  const sender = `${world.own}@${DOMAIN}`;
  const bytes = mailOf(`From: ${sender}`, `Message-ID: <auto${++count}@bot>`, ...fields, "", "I am away");
  try {
    await world.submission.submit(
      world.anna,
      { sender, recipients: [{ address: `${to}@${DOMAIN}` }] },
      bytes,
    );
    return "accepted";
  } catch (error) {
    const { responseCode, enhancedCode, message } = error as SmtpError;
    return `${responseCode} ${enhancedCode} ${message}`;
  }
}

describe("what is taken for automatic", () => {
  const read = (fields: Record<string, string>) => readAutomation((name) => fields[name] ?? null);

  test("Auto-Submitted, in any case and with parameters", () => {
    expect(read({ "auto-submitted": "Auto-Replied; owner-email=x" })).toBe("auto-replied");
    expect(read({ "auto-submitted": " auto-generated" })).toBe("auto-generated");
    expect(read({ "auto-submitted": "auto-notified" })).toBe("auto-notified");
    for (const value of ["no", "auto-repliedx", "auto-replied-x", "", "nonsense"])
      expect(read({ "auto-submitted": value })).toBeNull();
  });

  test("the marks of older programs, unless Auto-Submitted says no", () => {
    expect(read({ precedence: " Auto_Reply " })).toBe("auto-replied");
    expect(read({ precedence: "bulk", "in-reply-to": "<a@b>" })).toBe("auto-replied");
    expect(read({ "x-autoreply": "yes" })).toBe("auto-replied");
    expect(read({ "x-autorespond": "" })).toBe("auto-replied");
    expect(read({ "x-autoreply": "no" })).toBeNull();
    expect(read({ precedence: "bulk" })).toBeNull();
    expect(read({ precedence: "bulk", "in-reply-to": "<a@b>", "list-id": "<l>" })).toBeNull();
    expect(read({ precedence: "list", "in-reply-to": "<a@b>" })).toBeNull();
    expect(read({ precedence: "auto_reply", "auto-submitted": "no" })).toBeNull();
  });
});

test("the mark goes along in simple encoding, also where an older program set another one", async () => {
  expect(await send(bob, "Auto-Submitted: auto-generated")).toBe("accepted");
  expect(await send(bob, "Precedence: auto_reply")).toBe("accepted");
  const marks = world.outbox.drafts.map(({ encoding, content }) => {
    const decoded = decodeContent(encoding, content);
    return decoded.kind === "content" ? decoded.headers["auto-submitted"] : null;
  });
  expect(marks).toEqual(["auto-generated", "auto-replied"]);
});

test("a mark that came along is in the mail, and nothing else that was in its place", async () => {
  for (const [index, [value, expected]] of (
    [
      ["auto-replied; x=y", "Auto-Submitted: auto-replied\r\n"],
      ["no", ""],
      ["nonsense\r\nBcc: x@y", ""],
    ] as const
  ).entries()) {
    const text = { headers: { "auto-submitted": value } };
    (await world.delivery.prepare(receivedOf(world, { hash: hashOf(`marked ${index}`), text })))();
    const mail = messagesIn(world, "INBOX").at(-1)!.text;
    expect(/^Auto-Submitted: .*\r\n/m.exec(mail)?.[0] ?? "").toBe(expected);
    expect(mail).not.toMatch(/^Bcc/m);
  }
});

test("one correspondent gets so many answers an hour, counted over restarts; the refused one leaves nothing", async () => {
  const answer = ["Auto-Submitted: auto-replied", "In-Reply-To: <question@x>"];
  for (let number = 0; number < 3; number++) expect(await send(bob, ...answer)).toBe("accepted");
  world.time.now += 3599;
  expect(await send(bob, ...answer)).toMatch(
    /^550 5\.7\.1 BM-\S+ has had 3 automatic answers within an hour, .*send\.auto_reply_limit/,
  );
  expect(messagesIn(world, "Sent")).toHaveLength(3);
  expect(await send(bob, "Auto-Submitted: auto-generated", "In-Reply-To: <question@x>")).toMatch(/^550/);
  expect(await send(bob, "Auto-Submitted: auto-generated")).toBe("accepted");
  expect(await send(bob, "In-Reply-To: <question@x>")).toBe("accepted");
  expect(await send(addressOf("carol"), ...answer)).toBe("accepted");
  world.time.now += 1;
  expect(await send(bob, ...answer)).toBe("accepted");
  Object.assign(world.settings, { autoReplyLimit: 0 });
  for (let number = 0; number < 9; number++) expect(await send(bob, ...answer)).toBe("accepted");
});

test("an answer that is not accepted does not count", async () => {
  const { submissions } = world.stores;
  const add = submissions.add.bind(submissions);
  submissions.add = () => {
    throw Object.assign(new Error("full"), { code: "SQLITE_FULL" });
  };
  for (let number = 0; number < 5; number++)
    expect(await send(bob, "Auto-Submitted: auto-replied")).toMatch(/^452/);
  submissions.add = add;
  expect(await send(bob, "Auto-Submitted: auto-replied")).toBe("accepted");
});

describe("answers go to persons alone", () => {
  test("not to chans, not as broadcasts; a program's own reports may", async () => {
    const chan = addressOf("chan");
    world.stores.identities.save(identityOf(chan, { chan: true, label: "general" }));
    for (const to of [chan, "general", "broadcast"]) {
      expect(await send(to, "Auto-Submitted: auto-replied")).toMatch(/^550 5\.7\.1 An automatic answer/);
      expect(await send(to, "Auto-Submitted: auto-generated")).toBe("accepted");
    }
  });

  test("nor to who has written to a chan or broadcast; what comes from there is marked as a list's", async () => {
    const chan = addressOf("chan");
    world.stores.identities.save(identityOf(chan, { chan: true, label: "general" }));
    const posts = [
      receivedOf(world, { hash: hashOf("post"), to: chan, chan: true }),
      receivedOf(world, { hash: hashOf("news"), to: bob, kind: "broadcast" }),
    ];
    for (const post of posts) {
      (await world.delivery.prepare(post))();
      const reply = `In-Reply-To: <${post.hash}@${DOMAIN}>`;
      expect(await send(bob, "Auto-Submitted: auto-replied", reply)).toMatch(
        /^550 5\.7\.1 What came from a chan/,
      );
      expect(await send(bob, reply)).toBe("accepted");
    }
    const [post] = messagesIn(world, "Chans/general");
    expect(post!.text).toMatch(/^List-ID: /m);
    expect(post!.text).toContain("Precedence: list\r\n");
  });
});

test("the time of answers is not kept for ever", () => {
  const { automaticAnswers } = world.stores;
  automaticAnswers.add("anna", bob, START);
  automaticAnswers.add("anna", bob, START + 10);
  expect(automaticAnswers.removeBefore(START + 10, 100)).toBe(1);
  expect(automaticAnswers.countAfter("anna", bob, 0)).toBe(1);
});
