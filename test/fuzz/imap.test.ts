import { describe, expect, test } from "@jest/globals";
import { fuzz } from "./fuzz.js";
import { checkResponses } from "./session-target.js";

/** The long run: scripts/fuzz-imap.mjs. */
describe("IMAP sessions and hostile octets", () => {
  test("the judge of responses knows wrong ones", () => {
    checkResponses("* OK x\r\n* 1 FETCH (BODY[] {4}\r\na\r\nb)\r\na1 OK x\r\n+ \r\n");
    for (const wrong of ["* OK", "x\r\n", "* 1 FETCH (BODY[] {3}\r\na\r\nb)\r\n\r\n", "a FINE x\r\n"])
      expect(() => checkResponses(wrong)).toThrow();
  });

  test("no crash, no hang, nothing left behind, in every state", async () => {
    const report = await fuzz({ seed: 1, inputs: 6000, corpus: "test/fuzz/corpus", tls: null });
    expect(report).toMatchObject({ inputs: 6000, failures: [] });
  }, 120_000);
});
