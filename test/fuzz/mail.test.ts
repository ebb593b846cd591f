import { expect, test } from "@jest/globals";
import { fuzzMail } from "./fuzz-mail.js";

/** The long run: scripts/fuzz-mail.mjs. */
test("whatever is sent and whatever is received: no crash, no hang, no ill-formed mail, no field of a stranger's", async () => {
  const report = await fuzzMail({ seed: 1, inputs: 1500, longest: 5000 });
  expect(report).toMatchObject({ inputs: 1500, failures: [] });
  expect(report.delivered).toBeGreaterThan(1000);
  expect(report.refused).toBeGreaterThan(10);
}, 120_000);
