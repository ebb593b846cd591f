import { expect, test } from "@jest/globals";
import { bmbridge } from "../support/running-node.js";

test("the demonstration goes all the way and ends by itself", async () => {
  const outcome = await bmbridge(["demo", "--limit", "150"]);
  expect(outcome.stderr).toBe("");
  expect(outcome.status).toBe(0);
  const steps = ["accepted by SMTP: 250", "through IDLE", "$BmDelivered", "delivery report"];
  for (const step of steps) expect(outcome.stdout).toContain(step);
}, 180_000);
