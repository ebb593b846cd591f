/** From PyBitmessage's own files and others' mail into the bridge and out again, without a node. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Call } from "../../../src/app/commands/context.js";
import { loadConfig } from "../../../src/app/config/load.js";
import { callMethod } from "../../../src/app/control/messages.js";
import { locateDataDirectory } from "../../../src/app/data-directory.js";
import { exportKeys, exportMail } from "../../../src/app/moving/export.js";
import { importMails, importMessagesDat } from "../../../src/app/moving/import.js";
import { type Offline, openOffline } from "../../../src/app/offline.js";
import { silentLogger } from "../../../src/logger.js";

const FIXTURES = "test/vectors/import";
let folder = "";
let offline: Offline;
let call: Call;
const progress = () => {};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "bmbridge-moving-"));
  const config = loadConfig({ file: null, environment: {}, assignments: ["network.name=test"] });
  const directory = locateDataDirectory(join(folder, "data"), {});
  offline = await openOffline({ directory, config, logger: silentLogger, ask: null });
  call = (method, params = {}) => callMethod(offline.methods, { id: 0, method, params });
  await call("user.add", { name: "anna", password: "long enough" });
});
afterEach(async () => {
  await offline.close();
  rmSync(folder, { recursive: true });
});

interface Exported {
  readonly uid: number;
  readonly bytes: string;
  readonly flags: string[];
  readonly time: number;
}

async function mailsOf(mailbox: string) {
  const mails = (await call("export.mails", { mailbox, after: 0 })) as Exported[];
  return mails.map(({ bytes, flags, time }) => ({
    text: Buffer.from(bytes, "base64").toString(),
    flags: [...flags].sort(),
    time,
  }));
}

async function counts(): Promise<Record<string, number>> {
  const all = (await call("export.mailboxes")) as { name: string; messages: number }[];
  return Object.fromEntries(
    all.filter(({ messages }) => messages > 0).map((one) => [one.name, one.messages]),
  );
}

describe("PyBitmessage's files", () => {
  const messages = () =>
    importMessagesDat(call, { user: undefined, path: join(FIXTURES, "messages.dat"), progress });

  beforeEach(async () => {
    await call("identity.import", { text: readFileSync(join(FIXTURES, "keys.dat"), "utf8") });
  });

  test("mail arrives in its folders with times and states, people with their labels", async () => {
    const report = await messages();
    expect(report).toMatchObject({
      added: 22,
      known: 1,
      continued: 4,
      refused: [{ what: "switched off", reason: "it was switched off there" }],
    });
    expect(await counts()).toEqual({
      "Chans/general": 1,
      INBOX: 4,
      Outbox: 4,
      Sent: 9,
      "Subscriptions/Announcements": 1,
      Trash: 2,
    });
    const [hello] = await mailsOf("INBOX");
    expect(hello).toMatchObject({ flags: [], time: 1735688600 });
    expect(hello?.text).toMatch(/^Subject: Hello\r\n/m);
    expect(hello?.text).toContain("\r\n\r\nFirst message\r\nwith two lines");
    expect(hello?.text).toContain("X-Bitmessage-Hash: ffd162ab2e8540ef");
    expect(hello?.text).not.toContain("X-Bitmessage-Expires");
    const states = (await mailsOf("Sent")).map(({ text, flags }) => [
      /^Subject: (.*)\r\n/m.exec(text)?.[1],
      ...flags.filter((flag) => flag.startsWith("$Bm")),
    ]);
    expect(states).toEqual([
      ["queued", "$BmQueued"],
      ["waiting for key", "$BmQueued"],
      ["waiting for ack", "$BmSent"],
      ["done", "$BmDelivered"],
      ["to the chan", "$BmSent"],
      ["my broadcast", "$BmSent"],
      ["too hard", "$BmFailed"],
      ["bad key", "$BmFailed"],
      ["draft-like", "$BmQueued"],
    ]);
    const contacts = (await call("contact.list")) as { address: string; label: string; blocked: boolean }[];
    expect(contacts.map(({ label, blocked }) => [label, blocked]).sort()).toContainEqual(["bad guy", true]);
    expect(contacts.map(({ label }) => label)).toContain("Älice");
  });

  test("a second run adds nothing, also after an end in the middle", async () => {
    let portions = 0;
    const interrupted: Call = (method, params) => {
      portions += method === "import.sent" ? 1 : 0;
      return portions > 0 ? Promise.reject(new Error("power")) : call(method, params);
    };
    const target = { user: undefined, path: join(FIXTURES, "messages.dat"), progress };
    await expect(importMessagesDat(interrupted, target)).rejects.toThrow("power");
    await messages();
    const after = await counts();
    expect(await messages()).toMatchObject({ added: 0, known: 23, continued: 0 });
    expect(await counts()).toEqual(after);
    expect((await call("queue.list")) as unknown[]).toHaveLength(4);
  });

  test("without their identity, messages are kept as drafts instead of being sent", async () => {
    await call("user.add", { name: "berta", password: "long enough" });
    const target = { user: "berta", path: join(FIXTURES, "messages.dat"), progress };
    expect(await importMessagesDat(call, target)).toMatchObject({ continued: 0 });
    const all = (await call("export.mailboxes", { user: "berta" })) as { name: string; messages: number }[];
    expect(all.find(({ name }) => name === "Drafts")?.messages).toBe(4);
  });

  test("identities go out as they came in", async () => {
    const path = join(folder, "keys.dat");
    expect(await exportKeys(call, { user: undefined, path, progress })).toEqual({ identities: 5 });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const expected = JSON.parse(readFileSync(join(FIXTURES, "expected.json"), "utf8"));
    const written = readFileSync(path, "utf8");
    // Without this PyBitmessage would write a new file over it.
    expect(written).toMatch(/^\[bitmessagesettings\]\nsettingsversion = 10\n/);
    for (const [address, { privsigningkey }] of Object.entries<Record<string, string>>(expected.identities)) {
      expect(written).toContain(`[${address}]`);
      expect(written).toContain(`privsigningkey = ${privsigningkey}\n`);
    }
    await expect(exportKeys(call, { user: undefined, path, progress })).rejects.toThrow("never overwrites");
  });
});

describe("other mail", () => {
  test("a Maildir's folders, once; folders that mean something to us are beside them", async () => {
    for (const [name, text] of [
      ["cur/1700000000.a:2,S", "Subject: one\n\nx\n"],
      [".Old.2020/cur/1600000000.b:2,FT", "Subject: two\n\n"],
      [".Outbox/new/1600000001.c", "Subject: three\n\n"],
    ] as const) {
      mkdirSync(join(folder, "mail", name, ".."), { recursive: true });
      writeFileSync(join(folder, "mail", name), text);
    }
    const run = () =>
      importMails(call, {
        user: undefined,
        form: "maildir",
        path: join(folder, "mail"),
        folder: "",
        progress,
      });
    expect(await run()).toEqual({ added: 3, known: 0, continued: 0, refused: [] });
    expect(await run()).toEqual({ added: 0, known: 3, continued: 0, refused: [] });
    expect(await mailsOf("INBOX")).toEqual([
      { text: "Subject: one\r\n\r\nx\r\n", flags: ["\\Seen"], time: 1_700_000_000 },
    ]);
    expect(await mailsOf("Old/2020")).toMatchObject([{ flags: ["\\Flagged"], time: 1_600_000_000 }]);
    expect(await counts()).toMatchObject({ "Imported/Outbox": 1 });
    expect(await call("queue.list")).toEqual([]);
  });

  test("what is not there is said; a name that is none of a mailbox is refused", async () => {
    const target = { user: undefined, folder: "", progress };
    await expect(importMails(call, { ...target, form: "mbox", path: join(folder, "no") })).rejects.toThrow(
      "there is nothing at",
    );
    await expect(importMails(call, { ...target, form: "maildir", path: folder })).rejects.toThrow(
      "is no Maildir",
    );
    for (const mailbox of ["a//b", "..", "x\u0000y"]) {
      const mail = { mailbox, bytes: "", flags: [], time: null };
      await expect(call("import.mails", { mails: [mail] })).rejects.toThrow();
    }
    const mail = { mailbox: "a", bytes: "", flags: ["a b\r\n"], time: null };
    await expect(call("import.mails", { mails: [mail] })).rejects.toThrow("mails");
  });

  test("out to Maildir and mbox, and in again: nothing is added", async () => {
    const path = join(folder, "in");
    writeFileSync(path, "From x Sat Jan  3 01:05:34 1996\nSubject: a\n\n>From here\nb\n\n");
    const target = { user: undefined, progress };
    await importMails(call, { ...target, form: "mbox", path, folder: "Old/Ärger" });
    const out = join(folder, "out");
    const again = { ...target, path: out };
    expect(await exportMail(call, { ...again, form: "maildir" })).toMatchObject({ "Old/Ärger": 1 });
    expect(await exportMail(call, { ...again, form: "maildir" })).toMatchObject({ "Old/Ärger": 0 });
    expect(await importMails(call, { ...again, form: "maildir", folder: "" })).toMatchObject({
      added: 0,
      known: 1,
    });
    const boxes = join(folder, "boxes");
    await importMails(call, { ...target, form: "mbox", path, folder: "old.Ärger" });
    await exportMail(call, { ...target, path: boxes, form: "mbox" });
    expect(existsSync(join(boxes, "old.Ärger (2).mbox"))).toBe(true);
    expect(existsSync(join(boxes, "Old.Ärger.mbox"))).toBe(true);
    const file = { ...target, path: join(boxes, "Old.Ärger.mbox") };
    expect(await importMails(call, { ...file, form: "mbox", folder: "Old/Ärger" })).toMatchObject({
      known: 1,
    });
    await expect(exportMail(call, { ...target, path: boxes, form: "mbox" })).rejects.toThrow(
      "never overwrites",
    );
  });
});
