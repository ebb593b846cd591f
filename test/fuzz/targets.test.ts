import { afterAll, describe, expect, test } from "@jest/globals";
import { fuzz } from "./fuzz-loop.js";
import { readKept } from "./kept.js";
import { checkResponses } from "./session-target.js";
import { allTargets } from "./targets/all.js";

afterAll(async () => {
  for (const target of allTargets) await target.close?.();
});

/** The long run, guided by coverage: scripts/fuzz.mjs. */
describe("hostile octets", () => {
  test.each(allTargets)(
    "$name: what earlier runs have kept, and some mutations",
    async (target) => {
      const corpus = readKept(`test/fuzz/corpus/${target.name}.txt`);
      // Tests are not timed.
      const patient = { ...target, patience: Number.POSITIVE_INFINITY };
      const count = target.seeds.length + corpus.length + 100;
      const { failures } = await fuzz({ target: patient, seed: 1, count, corpus, guided: "blind" });
      expect(failures.map(({ error }) => error)).toEqual([]);
    },
    120_000,
  );

  test("every target has a name of its own", () => {
    expect(new Set(allTargets.map(({ name }) => name)).size).toBe(allTargets.length);
  });
});

test("the judge of IMAP's responses knows wrong ones", () => {
  checkResponses("* OK x\r\n* 1 FETCH (BODY[] {4}\r\na\r\nb)\r\na1 OK x\r\n+ \r\n");
  for (const wrong of ["* OK", "x\r\n", "* 1 FETCH (BODY[] {3}\r\na\r\nb)\r\n\r\n", "a FINE x\r\n"])
    expect(() => checkResponses(wrong)).toThrow();
});
