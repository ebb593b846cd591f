import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { FoldedText, foldCase } from "../../../src/mail/imap/folded-text.js";

test("a text is searched as if it were folded as a whole", () => {
  const text = fc
    .array(fc.constantFrom("a", "B", "Ä", "ﬁ", "\u00a0", " ", "\t", "\r\n", "x y"))
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(text, text, (haystack, searched) => {
      const needle = foldCase(searched);
      expect(new FoldedText(haystack).includes(needle)).toBe(foldCase(haystack).includes(needle));
    }),
    { numRuns: 500 },
  );
  fc.assert(
    fc.property(text, fc.nat(20), fc.nat(20), (haystack, from, length) => {
      const folded = foldCase(haystack);
      expect(new FoldedText(haystack).includes(folded.slice(from, from + length))).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test("texts that normalization would not change are not normalized", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const whole = text
        .normalize("NFKC")
        .toLowerCase()
        .replace(/[ \t\r\n]+/g, " ");
      expect(foldCase(text)).toBe(whole);
    }),
  );
  const all = Array.from({ length: 0x180 }, (_, code) => String.fromCharCode(code));
  for (const text of all)
    expect(foldCase(`a${text}`)).toBe(
      `a${text}`
        .normalize("NFKC")
        .toLowerCase()
        .replace(/[ \t\r\n]+/g, " "),
    );
});
