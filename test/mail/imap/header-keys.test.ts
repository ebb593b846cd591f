import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { MessageRecord, OpenMailbox, RecordPart } from "../../../src/mail/imap/backend.js";
import type { MessageDigest } from "../../../src/mail/imap/digest.js";
import { foldCase } from "../../../src/mail/imap/folded-text.js";
import { headerKeys } from "../../../src/mail/imap/header-keys.js";
import { digestMessage } from "../../../src/mail/imap/make-digest.js";
import { Pacer } from "../../../src/mail/imap/pacer.js";
import type { Progress } from "../../../src/mail/imap/progress.js";
import { finder, type ReadRecord, readRecords } from "../../../src/mail/imap/read-records.js";
import type { SessionView } from "../../../src/mail/imap/view.js";
import { mail } from "../mime/mail.js";

describe("what is compared of a header", () => {
  test("subjects decoded and folded, the base of the first", () => {
    const { subject } = headerKeys(
      "Subject: =?utf-8?q?Re=3A_Gr=C3=BC=C3=9Fe?=\r\n  again\r\nSubject: two\r\n\r\nSubject: three\r\n",
    );
    expect(subject).toEqual({
      folded: `${foldCase("Re: Grüße  again")}\ntwo`,
      base: "GRU\u0308SSE AGAIN",
      kind: "reply",
    });
    expect(headerKeys("X: y\r\n\r\n").subject).toEqual({ folded: null, base: "", kind: "first" });
  });

  test("first addresses, of a group its name", () => {
    const { addresses } = headerKeys("From: A <ann@b>, c@d\r\nTo: friends: e@f;\r\n\r\n");
    expect(addresses).toEqual({ from: "ANN", to: "FRIENDS", cc: "" });
  });

  test("references, or else the first of In-Reply-To; ids have no line breaks", () => {
    expect(headerKeys('Message-ID: <"a"@b>\r\nReferences: <c\r\n @d>\r\n <e@f>\r\n\r\n').references).toEqual({
      messageId: "<a@b>",
      ids: ["<c@d>", "<e@f>"],
    });
    expect(headerKeys("In-Reply-To: <g@h> <i@j>\r\n\r\n").references).toEqual({
      messageId: null,
      ids: ["<g@h>"],
    });
    const octets = fc.array(fc.constantFrom("<", ">", '"', "\\", "\r\n ", "a", "@", "\n ", "References: "), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(octets, (parts) => {
        const { ids } = headerKeys(`References: ${parts.join("")}\r\n\r\n`).references;
        expect(ids.join()).not.toMatch(/[\r\n]/);
      }),
    );
  });
});

/** A mailbox of one message whose digest is that. */
function mailboxOf(digest: MessageDigest, bytes: Uint8Array): OpenMailbox {
  const record: MessageRecord = {
    uid: 7,
    internalDate: { seconds: 1, zone: 0 },
    sentDate: 1,
    saveDate: 1,
    emailId: "M1",
    digest,
  };
  return { records: async () => [record], read: async () => bytes } as unknown as OpenMailbox;
}

async function readOne(handle: OpenMailbox, parts: readonly RecordPart[]): Promise<ReadRecord | null> {
  const found: (ReadRecord | null)[] = [];
  const reading = {
    view: { at: () => ({ uid: 7 }) } as unknown as SessionView,
    handle,
    pacer: new Pacer(),
    progress: { report: () => {} } as unknown as Progress,
    parts: parts as readonly ("header" | "subject" | "addresses" | "references")[],
    wanted: () => true,
  };
  await readRecords(reading, [1], (_, record) => found.push(record));
  return found[0] ?? null;
}

test("mail that was kept without keys, or with too long a header, is compared by its header", async () => {
  const long = `X: ${"x".repeat(70_000)}\n`;
  for (const text of ["", long]) {
    const bytes = mail(`${text}Subject: Re: s\nFrom: a@b\nReferences: <x@y>\n\nSubject: no\n`);
    const digest = digestMessage(bytes);
    const header = Buffer.from(bytes).toString("latin1");
    const old = { ...digest, subject: null, addresses: null, references: null };
    for (const kept of [digest, old]) {
      const record = await readOne(mailboxOf(kept, bytes), ["subject", "addresses", "references"]);
      expect(record?.digest).toMatchObject(headerKeys(header));
      expect(record?.digest.subject.base).toBe("S");
    }
  }
});

test("records are found in their order and in any other", () => {
  const records = [{ uid: 3 }, { uid: 5 }, { uid: 9 }];
  const find = finder(records);
  expect([3, 4, 9, 5, 3].map((uid) => find(uid)?.uid ?? null)).toEqual([3, null, 9, 5, 3]);
});
