import { expect, test } from "@jest/globals";
import { keepLogTail } from "../../../src/app/web/log-tail.js";
import { silentLogger } from "../../../src/logger.js";

test("the last lines of each level in the order of their writing; many small things do not push out what went wrong", () => {
  const { logger, lines } = keepLogTail(silentLogger, { level: "info" });
  logger.error("it broke");
  logger.debug("hidden");
  for (let count = 0; count < 600; count++) logger.info(`line ${count}`);
  logger.warn("mind");
  expect(lines("debug")).toHaveLength(302);
  expect(lines("warn").map(({ level, text }) => `${level} ${text.slice(9)}`)).toEqual([
    "error error it broke",
    "warn warn  mind",
  ]);
  expect(lines("info").at(-2)?.text).toMatch(/line 599$/);
});

test("the level may change while it runs; no value breaks out of its line", () => {
  const threshold = { level: "warn" as "warn" | "debug" };
  const { logger, lines } = keepLogTail(silentLogger, threshold);
  const room = logger.child({ room: "node" });
  room.debug("too early");
  threshold.level = "debug";
  room.debug("a peer", { name: "x\ny\u001b[0m" });
  expect(lines("debug").map(({ text }) => text)).toEqual([
    expect.stringMatching(/debug node: a peer name="x\\ny\\u001b\[0m"$/),
  ]);
});
