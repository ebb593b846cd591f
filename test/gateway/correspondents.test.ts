import { beforeEach, describe, expect, test } from "@jest/globals";
import type { ReceivedMessage } from "../../src/bitmessage/messaging/types.js";
import { decodeContent } from "../../src/bitmessage/protocol/content.js";
import type { Preference } from "../../src/gateway/ports.js";
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
  type World,
} from "./world.js";

let world: World;
beforeEach(() => {
  world = createWorld();
});

const bob = addressOf("bob");
const carol = addressOf("carol");
let count = 0;

type Text = Extract<ReceivedMessage["content"], { kind: "text" }>;

async function receive(values: Partial<ReceivedMessage>, text: Partial<Text> = {}): Promise<void> {
  const message = receivedOf(world, { hash: hashOf(`learn ${++count}`), ...values, text });
  (await world.delivery.prepare(message))();
}

const file = {
  name: "a.txt",
  data: new Uint8Array([65]),
  type: "text/plain",
  disposition: "attachment",
} as const;
const inline = "See:\n<attachment alt = \"a.txt\" src='data:text/plain;base64, QQ==' />";
const reads = (address = bob) => world.stores.capabilities.get(address);

describe("what is learned from what somebody sends", () => {
  test("nothing from plain messages, nor from extended encoding alone: PyBitmessage reads it and shows no files", async () => {
    await receive({});
    await receive({ encoding: 3 });
    await receive({ encoding: 7, content: { kind: "placeholder", raw: new Uint8Array(3) } });
    expect(reads()).toBeNull();
  });

  test("extended from files in it, and from what only such programs carry", async () => {
    await receive({ encoding: 3 }, { files: [file] });
    await receive({ from: carol }, { headers: { "message-id": "<a@b>" } });
    expect([reads(), reads(carol)]).toEqual(["extended", "extended"]);
  });

  test("inline from the older form, until he shows more; never back", async () => {
    await receive({}, { body: inline });
    expect(reads()).toBe("inline");
    await receive({ encoding: 3 }, { files: [file] });
    await receive({}, { body: inline });
    expect(reads()).toBe("extended");
  });

  test("in a chan from who writes under an address of his own, not from the chan's", async () => {
    const chan = addressOf("chan");
    world.stores.identities.save(identityOf(chan, { chan: true, label: "general" }));
    await receive({ to: chan, from: chan, chan: true, encoding: 3 }, { files: [file] });
    await receive({ to: chan, chan: true, encoding: 3 }, { files: [file] });
    expect([reads(chan), reads()]).toEqual([null, "extended"]);
  });

  test("with the delivery or not at all", async () => {
    world.stores.threads.remember = () => {
      throw new Error("disk");
    };
    await expect(receive({ encoding: 3 }, { files: [file] })).rejects.toThrow("disk");
    expect(reads()).toBeNull();
    expect(messagesIn(world, "INBOX")).toEqual([]);
  });
});

/** How a mail with a file goes to these, or why it does not. */
async function send(recipients: readonly string[], ...fields: string[]) {
  const sender = `${world.own}@${DOMAIN}`;
  const bytes = mailOf(
    `From: ${sender}`,
    `Message-ID: <way${++count}@x>`,
    "Subject: Letter",
    ...fields,
    "MIME-Version: 1.0",
    'Content-Type: multipart/mixed; boundary="b"',
    "",
    "--b",
    "",
    "Here it is.",
    "--b",
    "Content-Type: application/pdf",
    'Content-Disposition: attachment; filename="letter.pdf"',
    "",
    "%PDF",
    "--b--",
  );
  const before = world.outbox.drafts.length;
  const envelope = { sender, recipients: recipients.map((address) => ({ address: `${address}@${DOMAIN}` })) };
  try {
    await world.submission.submit(world.anna, envelope, bytes);
  } catch (error) {
    const { responseCode, message } = error as SmtpError;
    return `${responseCode} ${message}`;
  }
  return world.outbox.drafts.slice(before).map(({ encoding, content, maximumWork }) => {
    const decoded = decodeContent(encoding, content);
    const body = decoded.kind === "content" ? decoded.body : "";
    return [encoding, /<attachment/.test(body) ? "inline" : "files", maximumWork];
  });
}

const prefer = (address: typeof bob, preference: Partial<Preference>) =>
  world.stores.preferences.set("anna", address, {
    attachments: null,
    encoding: null,
    maximumWork: null,
    ...preference,
  });

describe("how messages are written", () => {
  const extended = [3, "files", null];
  const older = [2, "inline", null];

  test("each recipient in his own way: learned, else as set for all", async () => {
    world.stores.capabilities.set(carol, "inline");
    expect(await send([bob, carol])).toEqual([extended, older]);
    Object.assign(world.settings, { attachments: "inline" });
    world.stores.capabilities.set(carol, "extended");
    expect(await send([bob, carol])).toEqual([older, extended]);
  });

  test("what is set for a contact goes first; refused with the reason", async () => {
    world.stores.capabilities.set(bob, "extended");
    prefer(bob, { attachments: "inline", maximumWork: 5_000_000 });
    expect(await send([bob])).toEqual([[2, "inline", 5_000_000]]);
    expect(await send([bob], "X-Bitmessage-Max-Work: 7000000")).toEqual([[2, "inline", 7_000_000]]);
    prefer(bob, { attachments: "refuse" });
    expect(await send([bob])).toBe(
      `550 Mail with attachments is not sent (attachments of the contact ${bob} is refuse)`,
    );
    expect(await send([carol, bob])).toMatch(/^550/);
    prefer(bob, { encoding: "simple" });
    expect(await send([bob])).toEqual([older]);
    prefer(bob, { encoding: "trivial" });
    expect(await send([bob])).toMatch(/^550 .*the contact's setting/);
    expect(await send([bob], "X-Bitmessage-Encoding: extended")).toEqual([extended]);
  });

  test("a contact's limit of work, told with its name", async () => {
    prefer(bob, { maximumWork: 1000 });
    expect(await send([bob])).toMatch(/^554 .*the limit is 1000 trials \(.*the contact's max_work\)/);
    prefer(bob, { maximumWork: 0 });
    world.policy.maximumWork = 1000;
    expect(await send([bob])).toEqual([[3, "files", 0]]);
  });

  test("refused for all, unless a contact is set to take them", async () => {
    Object.assign(world.settings, { attachments: "refuse" });
    world.stores.capabilities.set(bob, "extended");
    expect(await send([bob])).toBe("550 Mail with attachments is not sent (send.attachments is refuse)");
    prefer(bob, { attachments: "extended" });
    expect(await send([bob])).toEqual([extended]);
  });

  test("another user's settings are not mine; who lives here reads everything; chans and broadcasts as set for all", async () => {
    world.stores.preferences.set("bert", bob, { attachments: "refuse", encoding: null, maximumWork: null });
    expect(await send([bob])).toEqual([extended]);
    Object.assign(world.settings, { attachments: "inline" });
    const chan = addressOf("chan");
    world.stores.identities.save(identityOf(chan, { chan: true, label: "general" }));
    world.stores.identities.save(identityOf(carol, { user: "bert" }));
    world.stores.capabilities.set(chan, "extended");
    expect(await send([carol, chan, "broadcast"])).toEqual([extended, older, older]);
  });
});
