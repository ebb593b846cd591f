import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { LARGEST_MAIL, type OutsideMail, withNetworkLineEnds } from "../../../src/app/moving/mail-file.js";
import { mboxEntry, readMbox } from "../../../src/app/moving/mbox.js";

let folder = "";
let path = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bmbridge-mbox-"));
  path = join(folder, "mbox");
});
afterEach(() => rmSync(folder, { recursive: true }));

function read(content: string | Uint8Array) {
  writeFileSync(path, content);
  return [...readMbox(path, ["Old"])];
}

const text = (entry: unknown) => Buffer.from((entry as OutsideMail).bytes).toString("latin1");

describe("reading", () => {
  test("mails with their times, flags and network line ends; no empty line is left over", () => {
    const mails = read(
      "From a@example.com Sat Jan  3 01:05:34 1996\nSubject: one\nStatus: RO\nX-Status: AF\n\nbody\n\n" +
        "From - Fri Feb 09 10:00:00 2024\r\nSubject: two\r\n\r\nlast\r\n",
    );
    expect(mails).toEqual([
      {
        folder: ["Old"],
        bytes: expect.anything(),
        flags: ["\\Seen", "\\Answered", "\\Flagged"],
        time: Date.UTC(1996, 0, 3, 1, 5, 34) / 1000,
      },
      { folder: ["Old"], bytes: expect.anything(), flags: [], time: Date.UTC(2024, 1, 9, 10) / 1000 },
    ]);
    expect(mails.map(text)).toEqual([
      "Subject: one\r\nStatus: RO\r\nX-Status: AF\r\n\r\nbody\r\n",
      "Subject: two\r\n\r\nlast\r\n",
    ]);
  });

  test("a line that begins with From is no separator within a paragraph, without a year, or quoted", () => {
    const [mail, ...others] = read(
      "From x Sat Jan  3 01:05:34 1996\nS: x\n\ntext\nFrom here Sat Jan  3 01:05:34 1996\n\nFrom now on\n\n>From me\n>>From you\n> From\n",
    );
    expect(others).toEqual([]);
    expect(text(mail)).toContain("\r\nFrom here Sat");
    expect(text(mail)).toContain("\r\nFrom now on\r\n\r\nFrom me\r\n>From you\r\n> From\r\n");
  });

  test("says what cannot be read, and goes on", () => {
    expect(read("a diary\n")).toEqual([
      { place: "line 1", reason: "the file does not begin as an mbox does" },
    ]);
    expect(read("")).toEqual([]);
    const large = `From x Sat Jan  3 01:05:34 1996\n${"x".repeat(LARGEST_MAIL + 1)}\n\n`;
    const [first, second] = read(`${large}From x Sat Jan  3 01:05:34 1996\nSubject: small\n\n`);
    expect(first).toEqual({ place: "mail 1", reason: "it is too large" });
    expect(text(second)).toBe("Subject: small\r\n");
  });
});

test("what is written is read again, octet for octet", () => {
  const line = fc.oneof(
    fc.constantFrom(
      "",
      "From me 1999",
      ">From",
      ">>From x Sat Jan  3 01:05:34 1996",
      "From x Sat Jan  3 01:05:34 1996",
    ),
    fc.string({ unit: "binary-ascii", maxLength: 40 }).map((written) => written.replace(/[\r\n]/g, "")),
  );
  const mail = fc
    .array(line, { maxLength: 12 })
    .map((lines) => `Subject: x\r\n\r\n${lines.map((one) => `${one}\r\n`).join("")}`);
  fc.assert(
    fc.property(fc.array(mail, { maxLength: 5 }), fc.nat(2_000_000_000), (mails, time) => {
      writeFileSync(path, Buffer.concat(mails.map((one) => mboxEntry(Buffer.from(one, "latin1"), time))));
      const again = [...readMbox(path, [])] as OutsideMail[];
      expect(again.map(text)).toEqual(mails);
      expect(again.every((one) => one.time === time)).toBe(true);
    }),
    { numRuns: 150 },
  );
});

test("any octets make mails or a refusal, never an error", () => {
  const piece = fc.oneof(
    fc.constantFrom("From x Sat Jan  3 01:05:34 1996\n", "\n", "\r\n", "From ", ">From ", "Status: RO\n"),
    fc.string({ unit: "binary", maxLength: 20 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      for (const entry of read(pieces.join("")))
        if ("bytes" in entry) expect(withNetworkLineEnds(entry.bytes)).toBe(entry.bytes);
    }),
    { numRuns: 150 },
  );
});

test("a mail of more lines than a call can have arguments goes out and comes back", () => {
  const mail = Uint8Array.from(Buffer.from(`Subject: many\r\n\r\n${"From x\r\n".repeat(300_000)}`));
  const [entry] = read(mboxEntry(mail, 1_700_000_000));
  expect(Buffer.compare((entry as OutsideMail).bytes, mail)).toBe(0);
});
