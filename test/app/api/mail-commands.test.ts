/** Received and sent messages, as programs written for PyBitmessage see them. */
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { OutboxEntry } from "../../../src/bitmessage/messaging/types.js";
import { BROADCAST_SUBSCRIBERS } from "../../../src/gateway/importing/old-received.js";
import { addressOf } from "../../gateway/world.js";
import { type ApiWorld, base64, createApiWorld } from "./world.js";

let world: ApiWorld;
let own: string;
const bob = addressOf("bob");
const HASH = "ab".repeat(32);
const OTHER = "cd".repeat(32);

beforeEach(async () => {
  world = await createApiWorld();
  own = await world.call("createRandomAddress", base64("anna"));
});
afterEach(() => world.close());

const call: ApiWorld["call"] = (...all) => world.call(...all);

async function receive(id: string, to: string, body: string): Promise<void> {
  const message = { id, from: bob, to, subject: "Grüße", body, encoding: 2, received: 1_700_000_000 };
  await world.services.importer.received("anna", [{ ...message, seen: false, trashed: false }]);
}

describe("received messages", () => {
  test("in the words and types of PyBitmessage", async () => {
    await receive(HASH, own, "zwei\nZeilen ü");
    const row = {
      msgid: HASH,
      toAddress: own,
      fromAddress: bob,
      subject: base64("Grüße"),
      message: base64("zwei\nZeilen ü"),
      encodingType: 2,
      receivedTime: "1700000000",
      read: 0,
    };
    expect(await call("getAllInboxMessages")).toEqual({ inboxMessages: [row] });
    expect(await call("getAllInboxMessageIDs")).toEqual({ inboxMessageIds: [{ msgid: HASH }] });
    expect(await call("getInboxMessagesByReceiver", own)).toEqual({ inboxMessages: [row] });
    expect(await call("getInboxMessagesByReceiver", bob)).toEqual({ inboxMessages: [] });
    expect(await call("getInboxMessageById", OTHER)).toBeNull();
    expect(await call("getInboxMessageByID", HASH)).toEqual({ inboxMessage: [row] });
    expect(await call("getInboxMessageById", HASH, true)).toEqual({ inboxMessage: [{ ...row, read: 1 }] });
    expect(await call("getInboxMessageById", HASH)).toEqual({ inboxMessage: [{ ...row, read: 1 }] });
    const inbox = world.stores.mailboxes.find("anna", "INBOX")!;
    expect(world.stores.mailboxes.snapshot(inbox, "read-only").messages[0]?.flags).toEqual(["\\Seen"]);
  });

  test("broadcasts are there, mail that is no message and other people's are not", async () => {
    await receive(HASH, BROADCAST_SUBSCRIBERS, "news");
    const bytes = new TextEncoder().encode("Subject: report\r\n\r\nX-Bitmessage-Hash: no\r\n");
    world.services.importer.mails("anna", [{ mailbox: "INBOX", bytes, flags: [], time: 1 }]);
    const { inboxMessages } = await call("getAllInboxMessages");
    expect(inboxMessages).toEqual([
      expect.objectContaining({ toAddress: "[Broadcast subscribers]", fromAddress: bob }),
    ]);
    const berta = world.dispatcher("xml", "berta");
    expect(await berta.call({ method: "getAllInboxMessages", parameters: [] })).toEqual({
      inboxMessages: [],
    });
    expect(await berta.call({ method: "getInboxMessageById", parameters: [HASH] })).toBeNull();
  });

  test("filed elsewhere by a mail client it is still there; trashed it is not", async () => {
    await receive(HASH, own, "a");
    await receive(OTHER, own, "b");
    const { mailboxes } = world.stores;
    const inbox = mailboxes.find("anna", "INBOX")!;
    mailboxes.move(inbox, [1], mailboxes.create("anna", "Work", {}), null);
    const ids = { inboxMessageIds: [{ msgid: HASH }, { msgid: OTHER }] };
    expect(await call("getAllInboxMessageIds")).toEqual(ids);
    expect(await call("trashMessage", HASH)).toBe("Trashed message (assuming message existed).");
    expect(await call("trashInboxMessage", HASH)).toBe("Trashed inbox message (assuming message existed).");
    expect(await call("getAllInboxMessageIds")).toEqual({ inboxMessageIds: [{ msgid: OTHER }] });
    expect(await call("getInboxMessageById", HASH)).toMatchObject({ inboxMessage: [{ msgid: HASH }] });
    expect(await call("undeleteMessage", HASH)).toBe("Undeleted message");
    expect((await call("getAllInboxMessageIds")).inboxMessageIds).toHaveLength(2);
    await call("trashMessage", HASH);
    expect(await call("deleteAndVacuum")).toBe("done");
    expect(await call("getInboxMessageById", HASH)).toBeNull();
  });
});

describe("sent messages", () => {
  const send = (...more: (string | number)[]) =>
    call("sendMessage", bob, own, base64("Subject"), `${base64("text\n")}\n`, ...more);

  function entryOf(ackData: string): OutboxEntry {
    return world.stores.outbox
      .list({})
      .find((entry) => Buffer.from(entry.ackData ?? []).toString("hex") === ackData)!;
  }

  test("a message in the outbox, with its copy in Sent", async () => {
    const ackData = await send(2, 10);
    expect(ackData).toMatch(/^000000020101[0-9a-f]{64}$/);
    expect(entryOf(ackData)).toMatchObject({ from: own, to: bob, ttl: 3600, encoding: 2, kind: "msg" });
    expect(new TextDecoder().decode(entryOf(ackData).content)).toBe("Subject:Subject\nBody:text\n");
    expect(await call("getStatus", ackData)).toMatch(/^(?:msgqueued|awaitingpubkey|doingpubkeypow)$/);
    const { sentMessages } = await call("getAllSentMessages");
    expect(sentMessages).toEqual([
      {
        msgid: expect.stringMatching(/^[0-9a-f]{64}$/),
        toAddress: bob,
        fromAddress: own,
        subject: base64("Subject"),
        message: base64("text\n"),
        encodingType: 2,
        lastActionTime: expect.any(Number),
        status: expect.any(String),
        ackData,
      },
    ]);
    const sentMessage = sentMessages;
    expect(await call("getSentMessageByAckData", ackData)).toMatchObject({ sentMessage: [{ ackData }] });
    expect(await call("getSentMessageById", sentMessage[0].msgid)).toMatchObject({
      sentMessage: [{ ackData }],
    });
    expect((await call("getSentMessagesBySender", own)).sentMessages).toHaveLength(1);
    expect((await call("getSentMessagesByAddress", bob)).sentMessages).toHaveLength(0);
    const mailbox = world.stores.mailboxes.find("anna", "Sent")!;
    expect(world.stores.mailboxes.status(mailbox).messages).toBe(1);
    const berta = world.dispatcher("xml", "berta");
    expect(await berta.call({ method: "getStatus", parameters: [ackData] })).toBe("notfound");
    expect(await berta.call({ method: "getAllSentMessages", parameters: [] })).toEqual({ sentMessages: [] });
  });

  test("each state in PyBitmessage's word; the name before it was sent is still good", async () => {
    const ackData = await send();
    const [{ msgid }] = (await call("getAllSentMessages")).sentMessages;
    const show = async (change: Partial<OutboxEntry>) => {
      world.stores.outbox.update({ ...entryOf(ackData), failure: null, ...change });
      return call("getStatus", ackData);
    };
    expect(await show({ state: "queued" })).toBe("msgqueued");
    expect(await show({ state: "awaiting-pubkey", pubkeyRequests: 1 })).toBe("awaitingpubkey");
    expect(await show({ state: "proof-of-work" })).toBe("doingmsgpow");
    expect(await show({ state: "sent", awaitsAcknowledgement: true, inventoryHash: HASH as never })).toBe(
      "msgsent",
    );
    expect(await call("getAllSentMessageIds")).toEqual({ sentMessageIds: [{ msgid: HASH }] });
    expect(await call("getSentMessageById", msgid)).toMatchObject({ sentMessage: [{ msgid: HASH }] });
    expect(await call("getSentMessageById", HASH)).toMatchObject({ sentMessage: [{ msgid: HASH }] });
    expect(await show({ awaitsAcknowledgement: false })).toBe("msgsentnoackexpected");
    expect(await show({ state: "acknowledged" })).toBe("ackreceived");
    expect(await show({ state: "failed", failure: "too-difficult" })).toBe("toodifficult");
    expect(await show({ state: "failed", failure: "bad-key" })).toBe("badkey");
    expect(await show({ state: "failed", failure: "given-up" })).toBe("awaitingpubkey");
    expect(await show({ state: "sent", kind: "broadcast" })).toBe("broadcastsent");
  });

  test("what cannot be sent", async () => {
    const refusal = (...all: Parameters<ApiWorld["refusal"]>) => world.refusal(...all);
    const [subject, text] = [base64("s"), base64("t")];
    expect(await refusal("sendMessage", bob, own, subject, text, 1)).toBe(
      "6: The encoding type must be 2 or 3.",
    );
    expect(await refusal("sendMessage", bob, bob, subject, text)).toBe(
      "13: Could not find your fromAddress in the keys.dat file.",
    );
    expect(await refusal("sendMessage", "BM-x", own, subject, text)).toMatch(/^8: /);
    expect(await refusal("sendMessage", bob, own, subject, "x")).toMatch(
      /^22: Decode error - Incorrect padding/,
    );
    const long = base64("x".repeat(2 ** 18 - 400));
    expect(await refusal("sendMessage", bob, own, subject, long)).toBe("27: Message is too long.");
    await call("enableAddress", own, false);
    expect(await refusal("sendBroadcast", own, subject, text)).toBe(
      "14: Your fromAddress is disabled. Cannot send.",
    );
    expect(await refusal("getStatus", "ab")).toBe("15: Invalid ackData object size.");
    expect(world.stores.outbox.list({})).toEqual([]);
  });

  test("a trashed message is not sent; emptying Trash forgets it", async () => {
    const ackData = await send();
    expect(await call("trashSentMessageByAckData", ackData)).toBe(
      "Trashed sent message (assuming message existed).",
    );
    expect(entryOf(ackData).state).toBe("cancelled");
    expect(await call("getAllSentMessages")).toEqual({ sentMessages: [] });
    expect(await call("getSentMessageByAckData", ackData)).not.toBeNull();
    await call("deleteAndVacuum");
    expect(await call("getSentMessageByAckData", ackData)).toBeNull();
    expect(await call("getStatus", ackData)).toBe("notfound");
    expect(world.stores.outbox.list({})).toEqual([]);
  });

  test("a broadcast", async () => {
    const ackData = await call("sendBroadcast", own, base64("s"), base64("hello all"), 3);
    expect(entryOf(ackData)).toMatchObject({ kind: "broadcast", encoding: 3, wantsAcknowledgement: false });
    expect((await call("getSentMessageByAckData", ackData)).sentMessage[0]).toMatchObject({
      toAddress: "[Broadcast subscribers]",
      message: base64("hello all"),
      encodingType: 3,
    });
  });
});

describe("objects", () => {
  test("what the network would not take is refused before any work", async () => {
    const object = (expires: number) => {
      const bytes = Buffer.alloc(60);
      bytes.writeBigUInt64BE(BigInt(expires), 8);
      bytes.writeUInt32BE(2, 16);
      bytes.set([1, 1], 20);
      return bytes.toString("hex");
    };
    const now = Math.floor(Date.now() / 1000);
    expect(await world.refusal("disseminatePreEncryptedMsg", object(now - 10))).toMatch(/^21: .*28 days/);
    expect(await world.refusal("disseminatePreparedObject", "00")).toMatch(/^21: /);
    expect(await world.refusal("disseminatePreparedObject", object(now + 900), 1e300)).toMatch(
      /^21: .*difficulty/,
    );
    expect(await world.refusal("disseminatePubkey", object(now + 900).slice(16))).toMatch(/^21: .*no pubkey/);
    expect(await world.refusal("disseminatePreparedObject", "zz")).toMatch(/^22: /);
    expect(world.published).toEqual([]);
  });

  test("messages by their first octets", async () => {
    expect(await world.refusal("getMessageDataByDestinationHash", "ab")).toBe(
      "19: The length of hash should be 32 bytes (encoded in hex thus 64 characters).",
    );
    expect(await call("getMessageDataByDestinationTag", HASH)).toEqual({ receivedMessageDatas: [] });
  });
});
