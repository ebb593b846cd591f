import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { acceptedWork, durationText, priceText } from "../../../src/gateway/outgoing/price.js";

test("trials, and how long they take here where that is known", () => {
  expect(priceText(600_000_000, 1_000_000)).toBe("600000000 trials, about 10 minutes on this machine");
  expect(priceText(1234.4, 0)).toBe("1234 trials");
});

test("one unit that a person can read", () => {
  const cases = [
    [0, "1 second"],
    [1.2, "1 second"],
    [99, "99 seconds"],
    [100, "2 minutes"],
    [5999, "100 minutes"],
    [6000, "2 hours"],
    [172_800, "2 days"],
  ] as const;
  for (const [seconds, text] of cases) expect([seconds, durationText(seconds)]).toEqual([seconds, text]);
});

test("an accepted price is a whole number and covers it", () => {
  fc.assert(
    fc.property(fc.double({ min: 1, max: 1e15, noNaN: true }), (trials) => {
      const accepted = acceptedWork(trials);
      return Number.isInteger(accepted) && accepted >= trials;
    }),
  );
});
