import { expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  type Command,
  type CommandLanguage,
  readRequest,
} from "../../../src/gateway/administration/commands-by-mail.js";

/** Takes `do ONE`. */
const language: CommandLanguage = {
  help: "help",
  read(line): Command | null {
    const match = /^do\b\s*(.*)$/i.exec(line);
    if (match === null) return null;
    const rest = match[1] ?? "";
    return {
      shown: `do ${rest}`.trim(),
      kept: "as-written",
      state: rest === "" ? "incomplete" : "complete",
      run: async () => rest,
    };
  },
};

function read(subject: string, ...lines: string[]) {
  const { commands, unknown } = readRequest({ subject, body: lines.join("\n") }, language);
  return [commands.map(({ shown }) => shown), unknown];
}

test("the subject's command; its argument there or in the text", () => {
  expect(read("do this", "do that")).toEqual([["do this"], null]);
  expect(read("DO", "", "  that ", "more")).toEqual([["do that"], null]);
  expect(read("do")).toEqual([["do"], null]);
});

test("several, one a line, where the subject is none; nothing after a line that is none", () => {
  expect(read("", "do a", "", "do b")).toEqual([["do a", "do b"], null]);
  expect(read("Re: Not delivered", "do a", "", "Thanks", "do b")).toEqual([["do a"], "Thanks"]);
  expect(read("hello", "How are you?", "do a")).toEqual([[], "How are you?"]);
  expect(read("hello")).toEqual([[], "hello"]);
  expect(read("")).toEqual([[], ""]);
  expect(read("", ...Array<string>(30).fill("do x"))[0]).toHaveLength(20);
});

test("what is quoted or below a signature is not looked at", () => {
  expect(read("Re: x", "do a", "> do b", "do c")).toEqual([["do a"], null]);
  expect(read("Re: x", "do a", "On Monday the bridge wrote:", "do b")).toEqual([["do a"], null]);
  expect(read("Re: x", "do a", "-- ", "do b")).toEqual([["do a"], null]);
  expect(read("Re: x", "do a", "-----Original Message-----", "do b")).toEqual([["do a"], null]);
});

test("any text is read in reasonable time, and no command comes from nowhere", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.array(fc.string()), (subject, lines) => {
      const { commands } = readRequest({ subject, body: lines.join("\n") }, language);
      const has = [subject, ...lines].some((line) => /^\s*do\b/i.test(line));
      return commands.length === 0 || has;
    }),
  );
  const start = performance.now();
  readRequest({ subject: "", body: `on ${" ".repeat(200_000)}x` }, language);
  readRequest({ subject: "", body: `--${"-".repeat(200_000)}x` }, language);
  expect(performance.now() - start).toBeLessThan(1000);
});
