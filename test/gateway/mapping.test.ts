/** Promises of the mapping that stand in no other test. */
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { OutboxId } from "../../src/bitmessage/messaging/types.js";
import { decodeContent } from "../../src/bitmessage/protocol/content.js";
import { encodeOutgoing, readOutgoing } from "../../src/gateway/outgoing/mapping.js";
import { DAY, Network, World as Person } from "../support/messaging/world.js";
import {
  addressOf,
  createWorld,
  DOMAIN,
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
const usual = () => [
  `From: ${world.own}@${DOMAIN}`,
  `To: ${bob}@${DOMAIN}`,
  "Message-ID: <m1@client>",
  "Subject: Hello",
];
const html = ["Content-Type: text/html", "", "<p>x</p>"];

function submit(...lines: string[]) {
  const envelope = { sender: `${world.own}@${DOMAIN}`, recipients: [{ address: `${bob}@${DOMAIN}` }] };
  return world.submission.submit(world.anna, envelope, mailOf(...lines));
}

describe("outgoing", () => {
  test.each([
    ["simple", ["", "text"]],
    ["extended", html],
  ])("with send.thread_headers = off no ids go along in %s encoding", (_encoding, body) => {
    const threads = ["In-Reply-To: <a@x>", "References: <a@x>", "Auto-Submitted: auto-replied"];
    const mail = readOutgoing(mailOf(...usual(), ...threads, ...body), START);
    const options = { messageId: "m1@client", parents: [], attachments: "extended" } as const;
    const headersOf = (threadHeaders: "on" | "off") => {
      const { encoding, content } = encodeOutgoing(mail, { ...options, threadHeaders });
      const decoded = decodeContent(encoding, content);
      return decoded.kind === "content" ? Object.keys(decoded.headers).sort() : null;
    };
    expect(headersOf("on")).toEqual(["auto-submitted", "in-reply-to", "message-id", "references"]);
    expect(headersOf("off")).toEqual(["auto-submitted"]);
  });

  test("what controls a mail stays here", async () => {
    const control = [
      "X-Bitmessage-TTL: 7200",
      "X-Bitmessage-Ack: no",
      "X-Bitmessage-Encoding: extended",
      "X-Bitmessage-Max-Work: 500000000",
    ];
    await submit(...usual(), ...control, "", "text");
    const { encoding, content, ttl, wantsAcknowledgement, maximumWork } = world.outbox.drafts[0]!;
    expect({ encoding, ttl, wantsAcknowledgement, maximumWork }).toEqual({
      encoding: 3,
      ttl: 7200,
      wantsAcknowledgement: false,
      maximumWork: 500_000_000,
    });
    const decoded = decodeContent(encoding, content);
    expect(JSON.stringify(decoded)).not.toMatch(/x-bitmessage|7200|500000000/i);
  });

  test("without X-Bitmessage-TTL and Expires the policy decides about the life", async () => {
    await submit(...usual(), "", "text");
    expect(world.outbox.drafts[0]).toMatchObject({
      ttl: null,
      wantsAcknowledgement: true,
      maximumWork: null,
    });
  });
});

describe("the life of a message", () => {
  let network: Network;
  beforeEach(() => {
    network = new Network();
  });
  afterEach(() => network.stop());

  test("four days, each off by up to five minutes at random", async () => {
    const [anna, friend] = [new Person(network, "anna"), new Person(network, "friend")];
    const to = friend.identity();
    await network.settle();
    const from = anna.secretIdentity("anna");
    network.passes = () => "lost";
    const ids = Array.from({ length: 12 }, (_, index) => anna.send(from, to, `${index}`));
    await network.settle();
    const lives = ids.map((id) => (anna.entry(id).expires ?? 0) - network.time.now);
    for (const life of lives) expect(Math.abs(life - 4 * DAY)).toBeLessThanOrEqual(300);
    expect(new Set(lives).size).toBeGreaterThan(6);
  });
});

describe("incoming", () => {
  async function received(values: Parameters<typeof receivedOf>[1]): Promise<string> {
    const commit = await world.delivery.prepare(receivedOf(world, values));
    commit();
    return messagesIn(world, "INBOX").at(-1)!.text;
  }

  test("the time that the sender claims is told beside the date, in UTC and only when it is one", async () => {
    const claimed = { headers: { date: "Thu, 1 Jan 2026 00:00:00 +0530" } };
    expect(await received({ text: claimed })).toContain(
      "X-Bitmessage-Claimed-Date: Wed, 31 Dec 2025 18:30:00 +0000\r\n",
    );
    expect(
      await received({ text: { headers: { date: "soon" } }, hash: "ab".repeat(32) as never }),
    ).not.toContain("Claimed-Date");
  });
});

test("the bytes of a mail stay the same whatever becomes of it and whatever it is marked with", async () => {
  await submit(...usual(), "", "text");
  const { mailboxes } = world.stores;
  const sent = mailboxes.find("anna", "Sent")!;
  const { uid, text } = messagesIn(world, "Sent")[0]!;
  for (const state of [
    "awaiting-pubkey",
    "proof-of-work",
    "sent",
    "failed",
    "queued",
    "acknowledged",
  ] as const) {
    world.outbox.change("outbox1" as OutboxId, { state, failure: state === "failed" ? "given-up" : null });
    expect(messagesIn(world, "Sent")).toMatchObject([{ uid, text }]);
  }
  mailboxes.store(sent, [uid], { action: "add", flags: ["\\Flagged", "own"] }, null);
  expect(messagesIn(world, "Sent")).toMatchObject([{ uid, text }]);
});
