import { expect, test } from "@jest/globals";
import { jsonLogger, prettyLine } from "../../src/app/log.js";

test("a line for programs: the level by its name, errors with their stack, 64-bit numbers", () => {
  const lines: string[] = [];
  const logger = jsonLogger({ level: "info" }, { write: (line) => lines.push(line) }).child({ room: "node" });
  logger.debug("not told");
  logger.error("it failed", { error: new Error("why"), count: 2n ** 63n });
  expect(lines).toHaveLength(1);
  const line = JSON.parse(lines[0] ?? "");
  expect(line).toMatchObject({ level: "error", room: "node", msg: "it failed", error: { message: "why" } });
  expect(line.error.stack).toContain("log.test");
  expect(lines[0]).toContain("9223372036854775808");
});

test("a line for people: nothing that a peer says reaches the terminal as it is", () => {
  const line = prettyLine(new Date(0), "info", "connected", {
    room: "node",
    agent: "\x1b[2J\nfake",
    services: 3n,
  });
  expect(line).toBe('00:00:00 info  node: connected agent="\\u001b[2J\\nfake" services="3"\n');
});
