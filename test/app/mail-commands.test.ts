import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { CommandError } from "../../src/app/control/messages.js";
import { createMailCommands } from "../../src/app/mail-commands.js";
import { readPreferenceWords } from "../../src/app/preference-words.js";

const calls: [string, unknown][] = [];
const { read, help } = createMailCommands(() => ({
  "chan.join": (params) => {
    calls.push(["chan.join", params]);
    return { address: "BM-chan" };
  },
  "identity.create": (params) => {
    calls.push(["identity.create", params]);
    throw new CommandError("no more than that");
  },
}));

test("the longest words count, in any case; what follows stays as written", () => {
  expect(read("contacts")?.shown).toBe("contacts");
  expect(read("  NEW   identity  At  home ")?.shown).toBe("new identity At  home");
  expect([read("newer identity x"), read("contactsx"), read(""), read("new")]).toEqual([
    null,
    null,
    null,
    null,
  ]);
  expect(read("new identity")?.state).toBe("incomplete");
  expect(read("contact BM-x")?.state).toBe("incomplete");
});

test("a passphrase is used as it is and shown nowhere", async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ minLength: 1, unit: "grapheme" }), async (words) => {
      const passphrase = words.trim();
      fc.pre(passphrase !== "" && !/[\r\n]/.test(passphrase));
      calls.length = 0;
      const command = read(`Join ${passphrase}`);
      expect([command?.shown, command?.kept]).toEqual(["join ********", "as-shown"]);
      const answer = await command!.run({ user: "anna", about: null });
      expect(calls).toEqual([["chan.join", { passphrase, user: "anna" }]]);
      expect(answer.replace(/[\s\S]*BM-chan/, "")).toBe("\nIts mail comes into a folder below Chans.");
    }),
  );
});

test("any line is read or left, in reasonable time", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (line) => read(line) === null || typeof line === "string"),
  );
  const start = performance.now();
  for (const word of ["join", "new identity", "set", "leave"]) {
    read(`${word} ${"a".repeat(200_000)}`);
    read(`${word} ${" ".repeat(200_000)}a`);
    read(`${word} ${"a ".repeat(100_000)}`);
  }
  expect(performance.now() - start).toBeLessThan(2000);
});

test("refusals are sentences; help names every command", async () => {
  const refused = await read("new identity x")!.run({ user: "anna", about: null });
  expect(refused).toBe("No more than that.");
  expect(help.split("\n").every((line) => line.length <= 76)).toBe(true);
  for (const word of ["help", "status", "join", "leave", "accept"]) expect(help).toContain(`\n  ${word}`);
});

test("what is set for a contact: known keys with a value, else words that help", () => {
  expect(readPreferenceWords(["attachments=inline", "max_work=5"])).toEqual({
    attachments: "inline",
    max_work: "5",
  });
  for (const word of ["attachments", "attachments=", "=x", "__proto__=x", "color=red", ""])
    expect(() => readPreferenceWords([word])).toThrow(/cannot be set; write attachments=/);
});
