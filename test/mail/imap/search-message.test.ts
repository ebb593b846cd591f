import { expect, test } from "@jest/globals";
import fc from "fast-check";
import type { MessageRecord } from "../../../src/mail/imap/backend.js";
import { foldCase } from "../../../src/mail/imap/folded-text.js";
import { digestMessage } from "../../../src/mail/imap/make-digest.js";
import { SearchMessage } from "../../../src/mail/imap/search-message.js";
import { mail } from "../mime/mail.js";

test("what is said of a header as it is written is what its decoded text says", () => {
  const line = fc.constantFrom(
    "Subject: Some Words",
    "Subject : some",
    "From: =?utf-8?q?Gr=C3=BC=C3=9Fe_some?= <a@b>",
    "To: =?x",
    "X: \xc3\xbc some",
    "Y: z\n folded words",
    "no field some",
    "=?utf-8?q?word?= no field",
    "",
  );
  const needle = fc.constantFrom("some", "words", "grüße", "=?", "subject:", "e w", "", "a@b", "word", "so");
  fc.assert(
    fc.property(fc.array(line, { maxLength: 6 }), needle, (lines, text) => {
      const bytes = mail(`X: y\n${lines.join("\n")}\n\nbody\n`);
      const digest = digestMessage(bytes);
      const [kept, read] = [new SearchMessage(), new SearchMessage()];
      kept.record = { uid: 1, digest } as MessageRecord;
      // With a header that is not kept, the whole text is decoded.
      read.record = { uid: 1, digest: { ...digest, header: null } } as MessageRecord;
      read.bytes = bytes;
      expect(kept.headerIncludes(foldCase(text))).toBe(read.headerIncludes(foldCase(text)));
    }),
    { numRuns: 500 },
  );
});
