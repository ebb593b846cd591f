import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  type ContentLine,
  escapeText,
  formatVCard,
  parseVCard,
  textValues,
  unescapeText,
  type VCard,
} from "../../../src/mail/carddav/vcard.js";
import { asVersion } from "../../../src/mail/carddav/vcard-version.js";

const lines = (...all: string[]) => `${all.join("\r\n")}\r\n`;
const card = (...all: string[]) => lines("BEGIN:VCARD", "VERSION:4.0", ...all, "END:VCARD");

describe("what is not taken", () => {
  test.each([
    ["nothing", ""],
    ["no card", "hello"],
    ["no end", lines("BEGIN:VCARD", "VERSION:3.0", "FN:x")],
    ["no version", lines("BEGIN:VCARD", "FN:x", "END:VCARD")],
    ["version 2.1", lines("BEGIN:VCARD", "VERSION:2.1", "FN:x", "END:VCARD")],
    ["two versions", card("VERSION:3.0")],
    ["two cards", card() + card()],
    ["a card within", card("BEGIN:VCARD", "END:VCARD")],
    ["a line without a name", card(":x")],
    ["a line without a value", card("FN")],
    ["a parameter that does not end", card('FN;X="y:z')],
    ["a NUL", card("FN:\0")],
    ["lines without end", card(...Array.from({ length: 3000 }, () => "FN:x"))],
  ])("%s", (_what, text) => {
    expect(() => parseVCard(text)).toThrow(expect.objectContaining({ name: "VCardError" }));
  });
});

describe("what is taken", () => {
  test("folded lines, groups, parameters, either end of lines", () => {
    const text = [
      "\ufeffBEGIN:vcard",
      "version:4.0",
      "FN:Al",
      " ice",
      'item1.EMAIL;TYPE=work,home;type="a:b;c";PREF=1:a@b',
      "TEL;CELL:1",
      "",
      "end:vcard",
      "",
    ].join("\n");
    expect(parseVCard(text)).toEqual({
      version: "4.0",
      lines: [
        { group: null, name: "FN", parameters: [], value: "Alice" },
        {
          group: "item1",
          name: "EMAIL",
          parameters: [
            { name: "TYPE", values: ["work", "home"] },
            { name: "TYPE", values: ["a:b;c"] },
            { name: "PREF", values: ["1"] },
          ],
          value: "a@b",
        },
        { group: null, name: "TEL", parameters: [{ name: "TYPE", values: ["CELL"] }], value: "1" },
      ],
    });
  });

  test("text values are unescaped", () => {
    expect(textValues(parseVCard(card("NOTE:one\\, two\\n\\;\\\\n")), "NOTE")).toEqual(["one, two\n;\\n"]);
  });
});

const token = fc.stringMatching(/^[A-Z][A-Z0-9-]{0,10}$/);
const notReserved = token.filter((name) => !["BEGIN", "END", "VERSION"].includes(name));
const clean = (text: string) => text.replace(/[\x00-\x1f\x7f]/g, " ");
const line: fc.Arbitrary<ContentLine> = fc.record({
  group: fc.option(token),
  name: notReserved,
  parameters: fc.array(
    fc.record({
      name: token,
      values: fc.array(
        fc.string({ unit: "grapheme" }).map((text) => clean(text).replace(/"/g, "")),
        {
          minLength: 1,
          maxLength: 3,
        },
      ),
    }),
    { maxLength: 3 },
  ),
  value: fc.string({ unit: "grapheme", maxLength: 200 }).map(clean),
});
const anyCard: fc.Arbitrary<VCard> = fc.record({
  version: fc.constantFrom("3.0" as const, "4.0" as const),
  lines: fc.array(line, { maxLength: 8 }),
});

test("whatever is written is read again, in lines of at most 75 octets", () => {
  fc.assert(
    fc.property(anyCard, (value) => {
      const text = formatVCard(value);
      for (const written of text.split("\r\n")) expect(Buffer.byteLength(written)).toBeLessThanOrEqual(75);
      expect(parseVCard(text)).toEqual(value);
    }),
  );
});

test("text comes back from its escaped form, on one line", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const escaped = escapeText(text);
      expect(escaped).not.toMatch(/[\r\n]/);
      expect(unescapeText(escaped)).toBe(text.replace(/\r\n|\r/g, "\n"));
    }),
  );
});

test("any text is read or refused in words; what was read is written well-formed", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string(), (first, second) => {
      for (const text of [first, card(first, second), card(`FN;${first}:${second}`)]) {
        try {
          const read = parseVCard(text);
          expect(parseVCard(formatVCard(read))).toEqual(read);
        } catch (error) {
          expect((error as Error).name).toBe("VCardError");
        }
      }
    }),
  );
});

describe("the other version", () => {
  const convert = (version: "3.0" | "4.0", ...all: string[]) => {
    const other = version === "4.0" ? "3.0" : "4.0";
    const source = parseVCard(lines("BEGIN:VCARD", `VERSION:${other}`, ...all, "END:VCARD"));
    return formatVCard(asVersion(source, version)).replace(/\r\n /g, "").split("\r\n").slice(2, -2);
  };

  test("pictures and preferred addresses are said in its way", () => {
    const old = ["PHOTO;ENCODING=b;TYPE=JPEG:AAAA", "EMAIL;TYPE=INTERNET;TYPE=pref:a@b", "N:;x;;;"];
    const modern = ["PHOTO:data:image/jpeg;base64,AAAA", "EMAIL;TYPE=INTERNET;PREF=1:a@b", "N:;x;;;"];
    expect(convert("4.0", ...old)).toEqual(modern);
    expect(convert("3.0", ...modern)).toEqual([
      "PHOTO;ENCODING=b;TYPE=JPEG:AAAA",
      "EMAIL;TYPE=INTERNET;TYPE=pref:a@b",
      "N:;x;;;",
    ]);
  });

  test("version 3 has a structured name always", () => {
    expect(convert("3.0", "FN:Smith\\, Al")).toEqual(["FN:Smith\\, Al", "N:;Smith\\, Al;;;"]);
  });

  test("any card stays a card", () => {
    fc.assert(
      fc.property(anyCard, fc.constantFrom("3.0" as const, "4.0" as const), (value, version) => {
        const converted = asVersion(value, version);
        expect(parseVCard(formatVCard(converted))).toEqual(converted);
      }),
    );
  });
});
