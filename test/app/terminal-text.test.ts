import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { prettyLine } from "../../src/app/log.js";
import { terminalJson, terminalText } from "../../src/app/terminal-text.js";

const HOSTILE = "\x1b]0;title\x07\x9b2J\u202etxt.exe\r\x7f";

test("what a stranger has written commands no terminal", () => {
  expect(terminalText(`a\tb\n${HOSTILE}`)).toBe("a\tb\n?]0;title??2J?txt.exe??");
  expect(prettyLine(new Date(0), "info", "a text", { path: HOSTILE })).toMatch(/^[\t\n\x20-\x7e]*$/);
});

test("JSON says the same as before, in characters that command nothing", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.constant(HOSTILE)), (text) => {
      const written = terminalJson({ text });
      expect(JSON.parse(written)).toEqual(JSON.parse(JSON.stringify({ text })));
      expect(terminalText(written)).toBe(written);
    }),
  );
  expect(terminalJson(undefined)).toBe("undefined");
});
