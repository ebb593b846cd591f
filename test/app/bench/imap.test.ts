import { expect, test } from "@jest/globals";
import { benchImap } from "../../../src/app/bench/imap.js";
import { makeMail } from "../../../src/app/bench/mails.js";
import { formatBodyStructure } from "../../../src/mail/imap/body-structure.js";
import { parseMime } from "../../../src/mail/mime/parse.js";

test("measures the commands of mail clients", async () => {
  const { messages, commands } = await benchImap({ seconds: 0.05, messages: 30 });
  expect(messages).toBe(30);
  expect(commands.map(({ command }) => command)).toEqual([
    "SELECT",
    "FETCH 1:* (FLAGS)",
    "headers as Thunderbird",
    "ENVELOPE BODYSTRUCTURE",
    "SEARCH HEADER, no hit",
    "SEARCH BODY, no hit",
    "SORT (DATE)",
    "THREAD REFERENCES",
    "APPEND",
  ]);
  for (const row of commands) {
    expect(Object.keys(row)).toEqual(["command", "milliseconds", "cpu_milliseconds"]);
    expect(row.milliseconds).toBeGreaterThan(0);
    expect(row.cpu_milliseconds).toBeGreaterThan(0);
  }
});

test("the mails are of three shapes, and the same every time", () => {
  const structures = [1, 4, 5].map((number) => formatBodyStructure(parseMime(makeMail(number))));
  expect(structures[0]).toMatch(/^\("text" "plain"/i);
  expect(structures[1]).toMatch(/\("text" "plain".*\("text" "html".* "alternative"/i);
  expect(structures[2]).toMatch(/\("text" "plain".*\("application" "pdf".* "mixed"/i);
  expect(makeMail(5)).toEqual(makeMail(5));
});
