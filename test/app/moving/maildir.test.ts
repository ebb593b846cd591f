import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import {
  maildirFolder,
  maildirNames,
  makeMaildir,
  readMaildir,
  writeMaildirMail,
} from "../../../src/app/moving/maildir.js";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "bmbridge-maildir-"));
});
afterEach(() => rmSync(root, { recursive: true }));

function put(name: string, content = "Subject: x\n\nbody\n"): void {
  mkdirSync(join(root, name, ".."), { recursive: true });
  writeFileSync(join(root, name), content);
}

function read() {
  return [...readMaildir(root)].map((entry) =>
    "bytes" in entry ? { ...entry, bytes: Buffer.from(entry.bytes).toString("latin1") } : entry,
  );
}

test("mails with flags and times, of the inbox and of folders in both layouts", () => {
  put("cur/1700000000.M1.host:2,FS");
  put("new/1700000001.M2.host");
  put("cur/notbit-name");
  utimesSync(join(root, "cur/notbit-name"), 5, 1_600_000_000);
  put(".Arch&AOk-.2024/cur/1700000002.x:2,RPT");
  put("plain/inner/new/1700000003.x");
  put("plain/dovecot.index", "no mail");
  put(".hidden/file", "no mail");
  const bytes = "Subject: x\r\n\r\nbody\r\n";
  expect(read()).toEqual([
    { folder: [], bytes, flags: ["\\Flagged", "\\Seen"], time: 1_700_000_000 },
    { folder: [], bytes, flags: [], time: 1_600_000_000 },
    { folder: [], bytes, flags: [], time: 1_700_000_001 },
    {
      folder: ["Arché", "2024"],
      bytes,
      flags: ["\\Answered", "$Forwarded", "\\Deleted"],
      time: 1_700_000_002,
    },
    { folder: ["plain", "inner"], bytes, flags: [], time: 1_700_000_003 },
  ]);
});

test("links are not followed, empty files are told of", () => {
  put("secret/key", "Subject: key\n\n");
  mkdirSync(join(root, "mail", "cur"), { recursive: true });
  symlinkSync(join(root, "secret/key"), join(root, "mail/cur/1.link"));
  symlinkSync(root, join(root, "mail/loop"));
  writeFileSync(join(root, "mail/cur/2.empty"), "");
  expect([...readMaildir(join(root, "mail"))]).toEqual([
    { place: join(root, "mail/cur/2.empty"), reason: "it is empty" },
  ]);
});

test("what is written is read again; names cannot leave the folder", () => {
  const folder = maildirFolder(root, ["Ärger", "a.b/../../c"]);
  expect(folder.startsWith(join(root, ".&AMQ-rger.a_b_"))).toBe(true);
  expect(folder.slice(root.length + 1)).not.toContain("/");
  makeMaildir(folder);
  const bytes = Buffer.from("Subject: x\r\n\r\nbody\r\n");
  writeMaildirMail(folder, "1700000000.M1U1.bmbridge", { bytes, flags: ["\\Seen", "$BmSent", "\\Flagged"] });
  expect([...maildirNames(folder)]).toEqual(["1700000000.M1U1.bmbridge"]);
  expect(read()).toEqual([
    {
      folder: ["Ärger", "a_b_______c"],
      bytes: bytes.toString(),
      flags: ["\\Flagged", "\\Seen"],
      time: 1_700_000_000,
    },
  ]);
});

test("a link that stands where a mail is to be written is not followed", () => {
  makeMaildir(root);
  const elsewhere = join(root, "elsewhere");
  writeFileSync(elsewhere, "precious");
  symlinkSync(elsewhere, join(root, "tmp", "1.x"));
  writeMaildirMail(root, "1.x", { bytes: Buffer.from("Subject: x\r\n\r\nbody\r\n"), flags: [] });
  expect(readFileSync(elsewhere, "utf8")).toBe("precious");
  expect(read()).toMatchObject([{ bytes: "Subject: x\r\n\r\nbody\r\n" }]);
});

test("a folder whose name no file system takes is made all the same, the same one each time", () => {
  const [one, other] = ["\u00e4".repeat(300), `${"\u00e4".repeat(300)}x`];
  makeMaildir(maildirFolder(root, ["Contacts", one]));
  expect(maildirFolder(root, ["Contacts", one])).toBe(maildirFolder(root, ["Contacts", one]));
  expect(maildirFolder(root, ["Contacts", one])).not.toBe(maildirFolder(root, ["Contacts", other]));
});
