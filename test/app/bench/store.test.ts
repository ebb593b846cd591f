import { existsSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { benchStore } from "../../../src/app/bench/store.js";
import { openWorkplace } from "../../../src/app/bench/workplace.js";

test("measures what is kept, one and several at a time", async () => {
  const { operations } = await benchStore({ seconds: 0.05 });
  expect(operations.map(({ operation, at_a_time }) => [operation, at_a_time])).toEqual([
    ["submission", 1],
    ["submission", 10],
    ["append", 1],
    ["inventory insert", 1],
    ["inventory insert", 64],
  ]);
  for (const row of operations) {
    expect(Object.keys(row)).toEqual(["operation", "at_a_time", "per_second", "cpu_milliseconds"]);
    expect(row.per_second).toBeGreaterThan(0);
    expect(row.cpu_milliseconds).toBeGreaterThan(0);
  }
});

test("works in a directory of its own and leaves nothing behind", async () => {
  const workplace = await openWorkplace();
  expect(existsSync(workplace.directory)).toBe(true);
  expect(await workplace.mail.status("INBOX")).toMatchObject({ messages: 0 });
  await workplace.close();
  expect(existsSync(workplace.directory)).toBe(false);
});
