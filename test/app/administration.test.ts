/** Administration by mail, from the submission to the answer, with the methods that commands have. */
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { simpleParser } from "mailparser";
import { loadConfig } from "../../src/app/config/load.js";
import type { ControlMethods } from "../../src/app/control/messages.js";
import { createMailCommands } from "../../src/app/mail-commands.js";
import { createMethods } from "../../src/app/methods/methods.js";
import { createServices, type Services } from "../../src/app/services.js";
import type { OutboxId } from "../../src/bitmessage/messaging/types.js";
import { silentLogger } from "../../src/logger.js";
import { digestMessage } from "../../src/mail/imap/make-digest.js";
import type { SmtpError } from "../../src/mail/smtp/error.js";
import { type Database, openDatabase } from "../../src/store/database.js";
import { createSqliteStores } from "../../src/store/sqlite/stores.js";
import type { Stores } from "../../src/store/stores.js";
import { addressOf, mailOf } from "../gateway/world.js";

let database: Database;
let stores: Stores;
let services: Services;
let own: string;

beforeEach(async () => {
  database = openDatabase(":memory:");
  stores = createSqliteStores(database);
  const config = loadConfig({ file: null, environment: {}, assignments: ["network.name=test"] });
  const solver = {
    solve: () => new Promise<never>(() => {}),
    status: () => ({ engine: "none", threads: 0, trialsPerSecond: 1000, waiting: 0, working: false }),
    close: async () => {},
  };
  services = createServices({
    config,
    stores,
    solver,
    publisher: { publish: () => "hash" as never },
    commands: createMailCommands(() => methods),
    logger: silentLogger,
  });
  const methods: ControlMethods = createMethods({
    services,
    stores,
    config,
    status: null,
    backUp: async () => null,
  } as never);
  for (const user of ["anna", "bert"]) {
    await services.users.create(user, "password", () => {
      const { address } = services.messaging.identities.create({ user, label: user });
      if (user === "anna") own = address;
    });
  }
});

afterEach(async () => {
  await services.stop();
  database.close();
});

const bob = addressOf("bob");
let count = 0;

/** Sends a mail to the bridge; the text of the answer. */
async function ask(subject: string, lines: readonly string[] = [], fields: readonly string[] = []) {
  const id = `<request${++count}@client>`;
  const head = [`From: ${own}@bm.localhost`, "To: bridge@bm.localhost", `Message-ID: ${id}`];
  await submit(mailOf(...head, ...fields, `Subject: ${subject}`, "", ...lines));
  const answer = await simpleParser(Buffer.from(mails("INBOX").at(-1)!));
  expect([answer.inReplyTo, answer.from?.text]).toEqual([id, '"Bitmessage Bridge" <bridge@bm.localhost>']);
  return answer.text ?? "";
}

async function submit(bytes: Uint8Array, ...others: string[]): Promise<void> {
  const recipients = ["bridge@bm.localhost", ...others].map((address) => ({ address }));
  await services.submission.submit({ name: "anna" }, { sender: `${own}@bm.localhost`, recipients }, bytes);
}

function mails(name: string, user = "anna"): Uint8Array[] {
  const mailbox = stores.mailboxes.find(user, name);
  if (mailbox === null) return [];
  const { messages } = stores.mailboxes.snapshot(mailbox, "read-only");
  return messages.map(({ uid }) => stores.mailboxes.read(mailbox, uid)!);
}

const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString("latin1");

/** A message of Anna's that has failed, and the Message-ID of its report. */
async function failedMessage(): Promise<string> {
  const recipients = [{ address: `${bob}@bm.localhost` }];
  const bytes = mailOf(`From: ${own}@bm.localhost`, "Message-ID: <sent@client>", "Subject: Hi", "", "x");
  const envelope = { sender: `${own}@bm.localhost`, recipients };
  const { queueId } = await services.submission.submit({ name: "anna" }, envelope, bytes);
  const id = stores.submissions.get(queueId)!.recipients[0]!.outboxId;
  stores.outbox.update({ ...stores.outbox.get(id)!, state: "failed", failure: "given-up" });
  return id;
}

describe("each command", () => {
  test("help, and kind words for what is none", async () => {
    const help = await ask("help");
    for (const word of ["status", "join PASSPHRASE", "unsubscribe BM-...", "accept ID"])
      expect(help).toContain(word);
    expect(await ask("Dear bridge")).toMatch(
      /^"Dear bridge" is no command that I know\. Nothing has been changed\.[\s\S]*help/,
    );
    expect(await ask("")).toMatch(/^There is no command in your mail\./);
    expect(await ask("status")).toBe("No node runs on this data directory.\n");
  });

  test("people: contact, block, unblock, contacts", async () => {
    expect(await ask(`contact ${bob} Bob the builder`)).toBe(
      `${bob} is called "Bob the builder" from now on.\n`,
    );
    expect(await ask(`Block ${bob}`)).toMatch(/goes to Junk/);
    expect(text(mails("Sent").at(-1))).toContain(`Subject: Block ${bob}\r\n\r\n`);
    expect(await ask("contacts")).toBe(`${bob}  Bob the builder  (blocked)\n`);
    expect(await ask(`unblock ${bob}`)).toMatch(/into your mailboxes again/);
    expect(stores.contacts.get("anna", bob)).toMatchObject({ label: "Bob the builder", blocked: false });
    expect(stores.contacts.list("bert")).toEqual([]);
    expect(await ask("contact BM-nonsense Bob")).toMatch(/BM-nonsense is no Bitmessage address/);
    expect(await ask("contact", [`${bob} Bobby`])).toMatch(/"Bobby"/);
    expect(await ask("contact")).toBe("Something is missing: contact BM-... LABEL\n");
  });

  test("set: how to write to somebody", async () => {
    expect(await ask(`set ${bob} attachments=inline max_work=5000`)).toBe(
      `address ${bob}\nattachments inline\nmax_work 5000\n`,
    );
    expect(await ask(`set ${bob} max_work=default encoding=simple`)).toBe(
      `address ${bob}\nattachments inline\nencoding simple\n`,
    );
    expect(stores.preferences.get("anna", bob)).toEqual({
      attachments: "inline",
      encoding: "simple",
      maximumWork: null,
    });
    expect(await ask(`set ${bob} colour=red`)).toMatch(/"colour=red" cannot be set; write attachments=/);
    expect(await ask(`set ${bob} max_work=lots`)).toMatch(/whole number of trials/);
    expect(await ask(`set ${bob} attachments=no`)).toBe(
      "Attachments: write extended, inline, refuse or default.\n",
    );
  });

  test("addresses: identities, new identity", async () => {
    const answer = await ask("new identity At the club");
    const address = /BM-\S+/.exec(answer)![0];
    expect(await ask("identities")).toContain(`${address}  At the club`);
    expect(services.messaging.identities.get("anna", address as never)?.label).toBe("At the club");
  });

  test("subscriptions, and the links that mail from them carries", async () => {
    expect(await ask(`subscribe ${bob} News`)).toMatch(/You follow BM-/);
    expect(stores.mailboxes.find("anna", "Subscriptions/News")).not.toBeNull();
    expect(await ask(`unsubscribe ${bob}`)).toMatch(/do not follow/);
    expect(services.messaging.subscriptions.list()).toEqual([]);
    expect(await ask(`unsubscribe ${bob}`)).toMatch(/is not followed|follow/);
  });

  test("queue, cancel, retry, accept; answering a report needs no ID", async () => {
    expect(await ask("queue")).toBe("Nothing is in the queue.\n");
    const id = await failedMessage();
    expect(await ask("queue")).toMatch(new RegExp(`^${id}  failed \\(given-up\\)\n  to ${bob}\n  Hi`));
    expect(await ask("retry")).toMatch(/Say which message/);
    expect(await ask(`accept ${id}`)).toMatch(/The price is not known yet/);
    const report = `In-Reply-To: <${id}.failed.1700000000@bm.localhost>`;
    expect(await ask("Re: Not delivered: Hi", ["retry", "", "> quoted"], [report])).toBe("It is queued.\n");
    expect(await ask("Re: Not delivered: Hi", ["cancel"], [report])).toBe("It is cancelled.\n");
    expect(stores.outbox.get(id as OutboxId)?.state).toBe("cancelled");
    expect(await ask("cancel nothing")).toBe("There is no message nothing in the queue.\n");
  });

  test("several in one mail, each with its answer", async () => {
    const answer = await ask("Please", [`block ${bob}`, "queue", "and a coffee", `unblock ${bob}`]);
    expect(answer).toMatch(
      /^block BM-[\s\S]*goes to Junk[\s\S]*queue\n\nNothing is in[\s\S]*"and a coffee" is no command/,
    );
    expect(stores.contacts.get("anna", bob)?.blocked).toBe(true);
  });
});

describe("chans: the passphrase is not kept", () => {
  const secret = "correct horse";

  test("in Sent, however the client does it; the client's own copy afterwards is answered with ours", async () => {
    expect(await ask(`join ${secret}`)).toMatch(/You have joined the chan/);
    const [kept] = mails("Sent");
    expect(text(kept)).toContain("Subject: join ********\r\n");
    expect(text(kept)).toMatch(/^Message-ID: <request\d+@client>\r$/m);
    const user = await services.backend.openUser({ name: "anna" });
    const bytes = mailOf(`Message-ID: <request${count}@client>`, `Subject: join ${secret}`, "", "");
    const copy = { bytes, flags: ["\\Seen"], internalDate: null, digest: digestMessage(bytes) };
    await user.append("Sent", [copy]);
    expect(mails("Sent")).toHaveLength(1);

    const earlier = mailOf(`Message-ID: <request${count + 1}@client>`, "Subject: join", "", secret);
    await user.append("Sent", [{ ...copy, bytes: earlier, digest: digestMessage(earlier) }]);
    await ask("join", [secret]);
    user.close();
    const all = [...mails("Sent"), ...mails("INBOX")].map(text).join("");
    expect(all).not.toContain(secret);
    expect(all).not.toContain("horse");
    expect(mails("Sent")).toHaveLength(2);
  });

  test("leaving by address and by label; only one's own", async () => {
    await ask(`join ${secret}`);
    const [chan] = services.messaging.identities.list().filter((identity) => identity.chan);
    services.messaging.identities.joinChan({ user: "bert", passphrase: secret });
    expect(await ask(`leave ${chan!.address}`)).toMatch(/You have left the chan/);
    expect(services.messaging.identities.owners(chan!.address).map(({ user }) => user)).toEqual(["bert"]);
    expect(await ask(`leave ${chan!.address}`)).toMatch(/is not an identity or chan of anna/);
    await ask(`join ${secret}`);
    expect(await ask(`LEAVE ${secret}`)).toMatch(/You have left/);
  });
});

describe("who and how", () => {
  const refusal = async (work: Promise<void>) => {
    try {
      await work;
      return "accepted";
    } catch (error) {
      const { responseCode, enhancedCode } = error as SmtpError;
      return `${responseCode} ${enhancedCode}`;
    }
  };
  const request = (...fields: string[]) =>
    mailOf(`From: ${own}@bm.localhost`, ...fields, `Subject: block ${bob}`, "", "");

  test("nobody else's messages, nobody's sender, nobody besides, no automatic answers", async () => {
    const id = await failedMessage();
    const bert = services.messaging.identities.list().find(({ user }) => user === "bert")!.address;
    const sender = `${bert}@bm.localhost`;
    const recipients = [{ address: "bridge@bm.localhost" }];
    await services.submission.submit(
      { name: "bert" },
      { sender, recipients },
      mailOf(`Subject: retry ${id}`, "", ""),
    );
    expect(text(mails("INBOX", "bert")[0])).toContain(`There is no message ${id} in the queue.`);
    expect(stores.outbox.get(id as OutboxId)?.state).toBe("failed");
    expect(await refusal(submit(mailOf(`From: ${sender}`, `Subject: block ${bob}`, "", "")))).toBe(
      "550 5.7.1",
    );
    expect(await refusal(submit(request(), `${bob}@bm.localhost`))).toBe("550 5.7.1");
    expect(await refusal(submit(request("Auto-Submitted: auto-replied")))).toBe("550 5.7.1");
    expect(stores.contacts.list("anna")).toEqual([]);
    expect(await refusal(submit(request("Auto-Submitted: auto-generated")))).toBe("accepted");
    expect(stores.contacts.list("anna")).toHaveLength(1);
  });

  test("a plain answer is readable as it is", async () => {
    await ask("help");
    const answer = text(mails("INBOX").at(-1));
    expect(answer).toContain("Content-Transfer-Encoding: 7bit\r\n");
    expect(answer).toContain("  unsubscribe BM-...\r\n      follow it no longer; its folder stays\r\n");
  });

  test("the answer is one well-formed mail, whatever the request says", async () => {
    await ask("=?utf-8?Q?=0D=0ABcc=3A_x=40y?=", ["\x00\x1b[31m", "é".repeat(2000)]);
    const answer = text(mails("INBOX").at(-1));
    expect(answer).not.toMatch(/^Bcc:/m);
    expect(answer).toMatch(/^Auto-Submitted: auto-replied\r$/m);
    expect(answer.split("\r\n").every((line) => line.length <= 998 && !line.includes("\n"))).toBe(true);
    expect(answer).not.toContain("\x00");
  });
});
