import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { formatDateTime, parseDateTime, parseDay } from "../../../src/mail/imap/date-time.js";
import { extractSection } from "../../../src/mail/imap/fetch-section.js";
import { selectHeaderFields } from "../../../src/mail/imap/header-fields.js";
import { matchesPattern } from "../../../src/mail/imap/list-pattern.js";
import {
  canonicalMailboxName,
  decodeMailboxName,
  encodeMailboxName,
} from "../../../src/mail/imap/mailbox-name.js";
import { digestMessage } from "../../../src/mail/imap/make-digest.js";
import { formatNumberSet, resolveRanges } from "../../../src/mail/imap/sequence-set.js";
import { parseMime } from "../../../src/mail/mime/parse.js";

describe("modified UTF-7 (RFC 3501 section 5.1.3)", () => {
  test.each(["&", "&-&", "a&b", "&AGE-", "&AGEA-", "&AG-", "&2D0-", "&A!-", "&AOQ-&APY-", "\u00e4", "&AOQ"])(
    "refuses %j",
    (encoded) => expect(decodeMailboxName(encoded)).toBeNull(),
  );

  test.each([
    ["~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/台北/日本語"],
    ["Hi Mom -&Jjo--!", "Hi Mom -☺-!"],
    ["&-", "&"],
    ["Gr&APYA3w-e &- &Ti1lhw-", "Größe & 中文"],
  ])("%s", (encoded, name) => {
    expect(decodeMailboxName(encoded)).toBe(name);
    expect(encodeMailboxName(name)).toBe(encoded);
  });

  test("any text goes there and back", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (name) => {
        expect(decodeMailboxName(encodeMailboxName(name))).toBe(name);
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: "binary-ascii" }), (encoded) => {
        const name = decodeMailboxName(encoded);
        if (name !== null) expect(encodeMailboxName(name)).toBe(encoded);
      }),
    );
  });

  test("INBOX in any case", () => {
    expect(canonicalMailboxName("iNbOx/Sub/")).toBe("INBOX/Sub");
    expect(canonicalMailboxName("inboxes")).toBe("inboxes");
  });
});

describe("patterns", () => {
  test.each([
    ["*", "a/b", true],
    ["%", "a/b", false],
    ["%", "a", true],
    ["a/%", "a/b", true],
    ["a/%", "a/b/c", false],
    ["a*c", "a/b/c", true],
    ["%/%", "a/b", true],
    ["*test4", "x/test3/test4", true],
    ["inbox", "INBOX", true],
    ["InB*", "INBOX/x", true],
    ["inbox", "inboxes", false],
    ["", "a", false],
    ["a", "A", false],
  ])("%s on %s: %s", (pattern, name, matched) => expect(matchesPattern(pattern, name)).toBe(matched));

  test("no pattern takes long", () => {
    const started = performance.now();
    expect(matchesPattern("%*a".repeat(300), "a".repeat(900))).toBe(true);
    expect(matchesPattern("*a".repeat(300), `${"a".repeat(900)}b`)).toBe(false);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

describe("numbers and dates", () => {
  test("sets are resolved and written", () => {
    const set = {
      ranges: [
        { from: 5, to: 3 },
        { from: "*", to: 8 },
        { from: 4, to: 6 },
      ] as const,
    };
    expect(resolveRanges(set, 10)).toEqual([
      [3, 6],
      [8, 10],
    ]);
    expect(formatNumberSet([1, 2, 3, 7, 9, 10])).toBe("1:3,7,9:10");
    expect(formatNumberSet([])).toBe("");
  });

  test("dates", () => {
    expect(parseDateTime(" 4-Mar-2007 23:00:00 -0130")).toEqual({ seconds: 1173054600, zone: -90 });
    expect(parseDateTime("31-Feb-2007 23:00:00 +0000")).toBeNull();
    expect(parseDateTime("4-Mar-2007 24:00:00 +0000")).toBeNull();
    expect(parseDay("1-jan-1970")).toBe(0);
    expect(parseDay("32-Jan-1970")).toBeNull();
    fc.assert(
      fc.property(
        fc.integer({ min: -2e9, max: 8e9 }),
        fc.integer({ min: -900, max: 900 }),
        (seconds, zone) => {
          expect(parseDateTime(formatDateTime({ seconds, zone }))).toEqual({ seconds, zone });
        },
      ),
    );
  });
});

describe("header fields from the kept header", () => {
  test("are those of the message", () => {
    const line = fc.oneof(
      fc.constantFrom("From: a", "from:b", " folded", "\tmore", "Subject : x", "no field", ":", "X:"),
      fc.string({ unit: fc.constantFrom("a", ":", " ", "F", "\r", "\xe4"), maxLength: 8 }),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(line, fc.constantFrom("\r\n", "\n")), { maxLength: 8 }),
        fc.boolean(),
        (lines, end) => {
          const message = Buffer.from(
            `${lines.map(([text, eol]) => text + eol).join("")}${end ? "\r\nbody" : ""}`,
            "latin1",
          );
          const root = parseMime(message);
          const { header } = digestMessage(message);
          for (const text of ["HEADER.FIELDS", "HEADER.FIELDS.NOT"] as const) {
            const fields = ["FROM", "x"];
            const slow = Buffer.from(extractSection(message, root, { path: [], text, fields })!).toString(
              "latin1",
            );
            const quick = selectHeaderFields(header!, fields, text === "HEADER.FIELDS" ? "those" : "others");
            expect(quick).toBe(slow);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
