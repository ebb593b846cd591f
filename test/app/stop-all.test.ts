import { expect, test } from "@jest/globals";
import { stopAll } from "../../src/app/stop-all.js";
import { silentLogger } from "../../src/logger.js";

test("what fails to end keeps nothing else from ending, in order", async () => {
  const ended: string[] = [];
  const errors: string[] = [];
  const logger = { ...silentLogger, error: (text: string) => void errors.push(text) };
  await stopAll(
    [
      async () => ended.push("first"),
      () => {
        throw new Error("disk");
      },
      () => Promise.reject(new Error("disk")),
      () => ended.push("last"),
    ],
    logger,
  );
  expect(ended).toEqual(["first", "last"]);
  expect(errors).toHaveLength(2);
});
