import { beforeEach, describe, expect, test } from "@jest/globals";
import type { OutboxId } from "../../src/bitmessage/messaging/types.js";
import { retentionChores } from "../../src/gateway/retention.js";
import type { Chore } from "../../src/gateway/upkeep.js";
import { addressOf, createWorld, DOMAIN, mailOf, messagesIn, START, type World } from "./world.js";

const DAY = 86_400;
const bob = `${addressOf("bob")}@${DOMAIN}`;
const carol = `${addressOf("carol")}@${DOMAIN}`;
const id = (number: number) => `outbox${number}` as OutboxId;

let world: World;
let chores: readonly Chore[];
beforeEach(() => {
  world = createWorld();
  chores = retentionChores(world.stores);
});

let mails = 0;
async function send(...recipients: string[]): Promise<void> {
  const sender = `${world.own}@${DOMAIN}`;
  const bytes = mailOf(`From: ${sender}`, `Message-ID: <m${++mails}@client>`, "Subject: S", "", "text");
  const envelope = { sender, recipients: recipients.map((address) => ({ address })) };
  await world.submission.submit(world.anna, envelope, bytes);
}

function runAt(time: number): void {
  for (const chore of chores) while (chore.doSome(time) === "more");
}

describe("messages that have come to their end", () => {
  test("are forgotten 30 days after it, with what belongs to them; the mail in Sent stays", async () => {
    await send(bob);
    world.outbox.change(id(1), { state: "failed", failure: "given-up" });
    await world.reports.deliverDue();
    runAt(START + 30 * DAY);
    expect(world.stores.outbox.get(id(1))).not.toBeNull();
    runAt(START + 30 * DAY + 1);
    expect(world.stores.outbox.list({})).toEqual([]);
    expect(world.stores.submissions.findByOutboxId(id(1))).toBeNull();
    expect(world.stores.reports.has(id(1), "failed")).toBe(false);
    expect(messagesIn(world, "Sent")).toHaveLength(1);
    expect(messagesIn(world, "INBOX")).toHaveLength(1);
  });

  test("not while they are under way, not while a report is due, not before all of their mail", async () => {
    await send(bob);
    await send(bob);
    await send(bob, carol);
    await send(bob);
    world.outbox.change(id(1), { state: "sent", awaitsAcknowledgement: true });
    world.outbox.change(id(2), { state: "failed", failure: "bad-key" });
    world.outbox.change(id(3), { state: "acknowledged" });
    world.outbox.change(id(5), { state: "sent", awaitsAcknowledgement: false });
    runAt(START + 90 * DAY);
    const left = world.stores.outbox.list({}).map((entry) => entry.id);
    expect(left.sort()).toEqual([1, 2, 3, 4].map(id));
    await world.reports.deliverDue();
    world.outbox.change(id(4), { state: "cancelled" });
    world.time.now = START + DAY;
    runAt(START + 90 * DAY);
    expect(world.stores.outbox.list({}).map((entry) => entry.id)).toEqual([id(1)]);
  });

  test("many, a piece at a time, past those that have to stay", async () => {
    for (let number = 1; number <= 450; number++) {
      await send(number % 3 === 0 ? carol : bob, ...(number % 3 === 0 ? [bob] : []));
    }
    const all = world.stores.outbox.list({});
    for (const entry of all) {
      const isSecond = entry.to === addressOf("carol");
      if (!isSecond) world.outbox.change(entry.id, { state: "acknowledged" });
    }
    const [ended] = chores;
    let pieces = 1;
    while (ended!.doSome(START + 31 * DAY) === "more") pieces++;
    expect(pieces).toBeGreaterThan(1);
    expect(world.stores.outbox.list({})).toHaveLength(300);
    for (const { id: one, state } of world.stores.outbox.list({}))
      if (state === "queued") world.outbox.change(one, { state: "acknowledged" });
    runAt(START + 31 * DAY);
    expect(world.stores.outbox.list({})).toEqual([]);
  });

  test("a crash in the middle of a piece undoes it whole", async () => {
    for (let number = 1; number <= 3; number++) {
      await send(bob);
      world.outbox.change(id(number), { state: "acknowledged" });
    }
    const remove = world.stores.submissions.remove.bind(world.stores.submissions);
    let removed = 0;
    world.stores.submissions.remove = (submission) => {
      if (++removed === 2) throw new Error("killed");
      remove(submission);
    };
    expect(() => runAt(START + 31 * DAY)).toThrow("killed");
    expect(world.stores.outbox.list({})).toHaveLength(3);
    for (const number of [1, 2, 3])
      expect(world.stores.submissions.findByOutboxId(id(number))).not.toBeNull();
    runAt(START + 31 * DAY);
    expect(world.stores.outbox.list({})).toEqual([]);
  });
});

test("deliveries, signatures and answers go when they cannot matter any more", () => {
  const { deliveryLog, signatures, automaticAnswers } = world.stores;
  const hash = new Uint8Array(32).fill(7);
  deliveryLog.add("anna", "hash", START);
  signatures.add("anna", hash, START);
  automaticAnswers.add("anna", addressOf("bob"), START);
  runAt(START + DAY);
  expect(automaticAnswers.countAfter("anna", addressOf("bob"), 0)).toBe(1);
  runAt(START + 32 * DAY);
  expect(automaticAnswers.countAfter("anna", addressOf("bob"), 0)).toBe(0);
  expect(deliveryLog.has("anna", "hash")).toBe(true);
  runAt(START + 32 * DAY + 1);
  expect(deliveryLog.has("anna", "hash")).toBe(false);
  signatures.add("anna", hash, START + 50 * DAY);
  runAt(START + 100 * DAY);
  expect(signatures.has("anna", hash)).toBe(true);
  runAt(START + 141 * DAY);
  expect(signatures.has("anna", hash)).toBe(false);
});

test("threads go after two years", () => {
  const { threads } = world.stores;
  const thread = {
    user: "anna",
    hash: "hash",
    correspondent: addressOf("bob"),
    baseSubject: "s",
    excerpt: "",
  };
  threads.remember({ ...thread, messageId: "old@x", references: [], time: START });
  threads.remember({ ...thread, messageId: "new@x", references: [], time: START + 2 * DAY });
  runAt(START + 730 * DAY);
  expect(threads.findByMessageId("anna", "old@x")).not.toBeNull();
  runAt(START + 731 * DAY);
  expect(threads.findByMessageId("anna", "old@x")).toBeNull();
  expect(threads.findByMessageId("anna", "new@x")).not.toBeNull();
});
