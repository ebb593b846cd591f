import { beforeEach, describe, expect, test } from "@jest/globals";
import { simpleParser } from "mailparser";
import type { OutboxId } from "../../../src/bitmessage/messaging/types.js";
import type { NewMessage } from "../../../src/mail/imap/backend.js";
import { digestMessage } from "../../../src/mail/imap/make-digest.js";
import type { Recipient } from "../../../src/mail/smtp/handler.js";
import { addressOf, createWorld, DOMAIN, hashOf, mailOf, messagesIn, START, type World } from "../world.js";

let world: World;
beforeEach(() => {
  world = createWorld();
});

const bob = addressOf("bob");
const carol = addressOf("carol");
const first = "outbox1" as OutboxId;
const second = "outbox2" as OutboxId;

async function send(recipients: Recipient[], envelope: { ret?: "FULL" | "HDRS"; envid?: string } = {}) {
  const sender = `${world.own}@${DOMAIN}`;
  const bytes = mailOf(
    `From: ${sender}`,
    `To: ${bob}@${DOMAIN}`,
    "Message-ID: <m1@client>",
    "Subject: Gr\xfc\xdfe",
    "",
    "secret body",
  );
  await world.submission.submit(world.anna, { sender, recipients, ...envelope }, bytes);
}

const newMessage = (bytes: Uint8Array): NewMessage => ({
  bytes,
  flags: [],
  internalDate: null,
  digest: digestMessage(bytes),
});
const toBob = (values: Partial<Recipient> = {}): Recipient => ({ address: `${bob}@${DOMAIN}`, ...values });
const keywords = (name: string) =>
  messagesIn(world, name).map(({ flags }) => flags.filter((flag) => flag.startsWith("$Bm")).sort());

async function inbox() {
  await world.reports.deliverDue();
  return messagesIn(world, "INBOX");
}

describe("keywords and Outbox", () => {
  test("each state on both copies, until nothing is under way", async () => {
    await send([toBob()]);
    const steps = [
      [{ state: "awaiting-pubkey" }, "$BmAwaitingKey"],
      [{ state: "proof-of-work" }, "$BmWorking"],
      [{ state: "sent", awaitsAcknowledgement: true, inventoryHash: hashOf("x") }, "$BmSent"],
    ] as const;
    for (const [change, keyword] of steps) {
      world.outbox.change(first, change);
      expect(keywords("Sent")).toEqual([[keyword]]);
      expect(keywords("Outbox")).toEqual([[keyword]]);
    }
    world.outbox.change(first, { state: "acknowledged", awaitsAcknowledgement: false });
    expect(keywords("Sent")).toEqual([["$BmDelivered"]]);
    expect(messagesIn(world, "Outbox")).toEqual([]);
    expect(messagesIn(world, "Sent")[0]!.flags).toContain("\\Seen");
  });

  test("sent without an acknowledgement to come is the end", async () => {
    await send([toBob()]);
    world.outbox.change(first, { state: "sent", awaitsAcknowledgement: false });
    expect(keywords("Sent")).toEqual([["$BmSent"]]);
    expect(messagesIn(world, "Outbox")).toEqual([]);
  });

  test("several recipients: the union, in the Outbox until the last is done", async () => {
    await send([toBob(), { address: `${carol}@${DOMAIN}` }]);
    world.outbox.change(first, { state: "acknowledged" });
    expect(keywords("Sent")).toEqual([["$BmDelivered", "$BmQueued"]]);
    expect(messagesIn(world, "Outbox")).toHaveLength(1);
    world.outbox.change(second, { state: "failed", failure: "given-up" });
    expect(keywords("Sent")).toEqual([["$BmDelivered", "$BmFailed"]]);
    expect(messagesIn(world, "Outbox")).toEqual([]);
  });

  test("a mail submitted in two transactions shows both", async () => {
    await send([toBob()]);
    await send([{ address: `${carol}@${DOMAIN}` }]);
    expect(messagesIn(world, "Sent")).toHaveLength(1);
    world.outbox.change(first, { state: "acknowledged" });
    expect(keywords("Sent")).toEqual([["$BmDelivered", "$BmQueued"]]);
    expect(messagesIn(world, "Outbox")).toHaveLength(1);
  });

  test("tried again after its end, it is back in the Outbox", async () => {
    await send([toBob({ notify: ["NEVER"] })]);
    world.outbox.change(first, { state: "failed", failure: "too-difficult" });
    expect(messagesIn(world, "Outbox")).toEqual([]);
    world.outbox.change(first, { state: "queued", failure: null });
    expect(keywords("Outbox")).toEqual([["$BmQueued"]]);
    expect(keywords("Sent")).toEqual([["$BmQueued"]]);
  });

  test("copies that the user has filed or deleted do no harm", async () => {
    await send([toBob()]);
    const { mailboxes } = world.stores;
    const sent = mailboxes.find("anna", "Sent")!;
    mailboxes.move(sent, [1], mailboxes.find("anna", "Archive")!, null);
    world.outbox.change(first, { state: "proof-of-work" });
    expect(keywords("Archive")).toEqual([["$BmWorking"]]);
    mailboxes.expunge(mailboxes.find("anna", "Archive")!, "all", "any", null);
    world.outbox.change(first, { state: "failed", failure: "bad-key" });
    expect(await inbox()).toHaveLength(1);
  });

  test("removing it from the Outbox cancels, by any way", async () => {
    for (const [index, way] of (["expunge", "move", "replace"] as const).entries()) {
      await send([toBob()]);
      const user = await world.backend.openUser(world.anna);
      const outbox = await user.openMailbox("Outbox", () => {}, "read-write");
      const { uid } = outbox!.snapshot.messages[0]!;
      expect((await outbox!.expunge("all", "deleted-only")).expunged).toEqual([]);
      expect(new Set(world.outbox.cancelled).size).toBe(index);
      const result =
        way === "move"
          ? await outbox!.move([uid], "Trash")
          : way === "replace"
            ? await outbox!.replace(uid, "Drafts", newMessage(mailOf("Subject: again", "", "x")))
            : await outbox!.expunge([uid], "any");
      expect(result!.expunged).toEqual([uid]);
      expect(new Set(world.outbox.cancelled).size).toBe(index + 1);
      expect(keywords("Sent").at(-1)).toEqual(["$BmCancelled"]);
      if (way === "move") expect(keywords("Trash")).toEqual([[]]);
      user.close();
      world.stores.mailboxes.expunge(world.stores.mailboxes.find("anna", "Sent")!, "all", "any", null);
    }
  });

  test("a mail that is replaced in Sent is not taken for the copy that stands for the new one", async () => {
    await send([toBob()]);
    const user = await world.backend.openUser(world.anna);
    const sent = await user.openMailbox("Sent", () => {}, "read-write");
    const [own] = messagesIn(world, "Sent");
    const again = newMessage(mailOf("Message-ID: <m1@client>", "", "as I meant it"));
    const result = await sent!.replace(own!.uid, "Sent", again);
    expect(result!.expunged).toEqual([own!.uid]);
    expect(result!.uids[0]).toBeGreaterThan(own!.uid);
    expect(messagesIn(world, "Sent").map(({ uid }) => uid)).toEqual(result!.uids);
    await expect(sent!.replace(result!.uids[0]!, "Outbox", again)).rejects.toMatchObject({ code: "CANNOT" });
    user.close();
  });

  test("the hash on the network is remembered for threads", async () => {
    await send([toBob()]);
    world.outbox.change(first, { state: "sent", inventoryHash: hashOf("object") });
    expect(world.stores.threads.findByHash("anna", hashOf("object"))?.messageId).toBe("m1@client");
  });

  test("an error in showing it does not stop the sending", async () => {
    await send([toBob()]);
    world.stores.mailboxes.store = () => {
      throw new Error("broken");
    };
    world.outbox.change(first, { state: "sent", awaitsAcknowledgement: true });
    expect(world.stores.outbox.get(first)?.state).toBe("sent");
  });
});

describe("reports", () => {
  test("which are written: NOTIFY decides", async () => {
    const cases = [
      [undefined, "failed", 1],
      [["NEVER"], "failed", 0],
      [["FAILURE"], "failed", 1],
      [undefined, "acknowledged", 0],
      [["SUCCESS"], "acknowledged", 1],
      [["FAILURE"], "acknowledged", 0],
      [["NEVER"], "cancelled", 0],
    ] as const;
    for (const [index, [notify, state, count]] of cases.entries()) {
      const before = messagesIn(world, "INBOX").length;
      await send([toBob(notify === undefined ? {} : { notify })]);
      world.outbox.change(`outbox${index + 1}` as OutboxId, {
        state,
        failure: state === "failed" ? "given-up" : null,
      });
      expect([index, (await inbox()).length - before]).toEqual([index, count]);
    }
    expect(world.due.count).toBe(3);
  });

  test("a failure, with a sentence, the status and what the client gave along", async () => {
    await send([toBob({ orcpt: "rfc822;Bob@x" })], { ret: "HDRS", envid: "env\r\nX: y" });
    world.outbox.change(first, { state: "failed", failure: "too-difficult" });
    const [report] = await inbox();
    const { text } = report!;
    const mail = await simpleParser(Buffer.from(text, "latin1"));
    expect(mail.subject).toBe("Not delivered: Grüße");
    expect(mail.text).toMatch(
      /^Your mail "Grüße" to BM-\S+ was not delivered: the recipient demands more work/,
    );
    expect(text).toMatch(/^Content-Type: multipart\/report; report-type=delivery-status;/m);
    expect(text).toContain("Auto-Submitted: auto-replied\r\n");
    expect(text).toContain("In-Reply-To: <m1@client>\r\n");
    expect(text).toContain("Original-Envelope-Id: env X: y\r\n");
    expect(text).toContain(
      `Original-Recipient: rfc822;Bob@x\r\nFinal-Recipient: rfc822;${bob}@${DOMAIN}\r\nAction: failed\r\nStatus: 5.7.0\r\n`,
    );
    expect(text).toMatch(
      /Content-Type: text\/rfc822-headers\r\nContent-Transfer-Encoding: 8bit\r\n\r\nDate: /,
    );
    expect(text).toContain("Message-ID: <m1@client>\r\nSubject: Gr\xfc\xdfe\r\n");
    expect(text).not.toContain("secret body");
    expect(report!.flags).toEqual([]);
  });

  test("what a failure says of its reason, and what to do about it", async () => {
    const cases = [
      [
        { failure: "too-difficult" },
        /5000 trials, about 2 minutes on this machine\.[\s\S]*"accept outbox1"[\s\S]*bmbridge queue retry outbox1 --accept-price.*X-Bitmessage-Max-Work/,
      ],
      [
        { failure: "given-up", attempts: 3 },
        /sent 3 times[\s\S]*perhaps it has arrived[\s\S]*"retry outbox2"/,
      ],
      [{ failure: "given-up", attempts: 0 }, /key was asked for, and nobody has answered/],
      [{ failure: "bad-key" }, /public key cannot be used/],
      [{ failure: "too-large" }, /compress its attachments/],
      [{ failure: "identity-gone" }, /has been removed/],
    ] as const;
    for (const [index, [values, expected]] of cases.entries()) {
      await send([toBob()]);
      world.outbox.change(`outbox${index + 1}` as OutboxId, { state: "failed", ...values });
      const { text } = (await inbox()).at(-1)!;
      const { text: body } = await simpleParser(Buffer.from(text, "latin1"));
      expect(body?.replace(/\s+/g, " ")).toMatch(expected);
    }
  });

  test("with send.delivered_reports each delivery is told, unless NOTIFY says otherwise; after a retry again", async () => {
    Object.assign(world.settings, { deliveredReports: "always" });
    for (const [index, [notify, count]] of (
      [
        [undefined, 1],
        [["FAILURE"], 0],
        [["NEVER"], 0],
        [["SUCCESS"], 1],
      ] as const
    ).entries()) {
      const before = messagesIn(world, "INBOX").length;
      await send([toBob(notify === undefined ? {} : { notify })]);
      world.outbox.change(`outbox${index + 1}` as OutboxId, { state: "acknowledged" });
      expect([index, (await inbox()).length - before]).toEqual([index, count]);
    }
    await send([toBob()]);
    const fifth = "outbox5" as OutboxId;
    world.outbox.change(fifth, { state: "failed", failure: "given-up" });
    world.outbox.change(fifth, { state: "queued", failure: null });
    world.outbox.change(fifth, { state: "acknowledged" });
    const subjects = (await inbox()).slice(-2).map(({ text }) => /Action: (\w+)/.exec(text)?.[1]);
    expect(subjects).toEqual(["failed", "delivered"]);
  });

  test("tried again, it is late only when the time is over again", async () => {
    await send([toBob()]);
    world.time.now = START + 100_000;
    world.outbox.change(first, { state: "awaiting-pubkey", started: START + 100_000 });
    world.states.checkDelays();
    expect(await inbox()).toEqual([]);
    world.time.now += 86_400;
    world.states.checkDelays();
    expect(await inbox()).toHaveLength(1);
  });

  test("RET=FULL returns the whole mail with a failure, and the header with anything else", async () => {
    await send(
      [toBob({ notify: ["SUCCESS", "FAILURE"] }), { address: `${carol}@${DOMAIN}`, notify: ["SUCCESS"] }],
      { ret: "FULL" },
    );
    world.outbox.change(first, { state: "failed", failure: "given-up" });
    world.outbox.change(second, { state: "acknowledged" });
    const [failed, delivered] = await inbox();
    expect(failed!.text).toMatch(/Content-Type: message\/rfc822\r\n[\s\S]*secret body/);
    expect(failed!.text).toContain("Status: 5.4.7\r\n");
    expect(delivered!.text).toContain("Action: delivered\r\nStatus: 2.0.0\r\n");
    expect(delivered!.text).not.toContain("secret body");
  });

  test("a delay is told once, after the time set for it, while the key is missing", async () => {
    await send([toBob(), { address: `${carol}@${DOMAIN}`, notify: ["SUCCESS"] }]);
    world.outbox.change(first, { state: "awaiting-pubkey" });
    world.outbox.change(second, { state: "awaiting-pubkey" });
    world.states.start();
    expect(await inbox()).toEqual([]);
    world.time.now = START + 86_400;
    world.timers[0]!();
    world.states.checkDelays();
    const reports = await inbox();
    expect(reports).toHaveLength(1);
    expect(reports[0]!.text).toContain("Action: delayed\r\nStatus: 4.4.1\r\n");
    world.states.stop();
  });

  test.each([
    [86_400, [600]],
    [20, [20]],
    [0, []],
  ])("a delay report that is due after %i s is looked for in time", (delayWarning, waits) => {
    world = createWorld({ delayWarning });
    world.states.start();
    expect(world.waits).toEqual(waits);
    world.states.stop();
  });

  test("each once: what was due when the process ended is written after it", async () => {
    await send([toBob()]);
    world.outbox.change(first, { state: "failed", failure: "given-up" });
    const append = world.stores.mailboxes.append.bind(world.stores.mailboxes);
    world.stores.mailboxes.append = () => {
      throw new Error("killed");
    };
    expect(await inbox()).toEqual([]);
    expect(world.stores.reports.pending()).toHaveLength(1);
    world.stores.mailboxes.append = append;
    await Promise.all([world.reports.deliverDue(), world.reports.deliverDue()]);
    world.reports.start();
    await world.reports.stop();
    expect(messagesIn(world, "INBOX")).toHaveLength(1);
    expect(world.stores.reports.pending()).toEqual([]);
  });
});
