import { expect, test } from "@jest/globals";
import { createTimer } from "../../src/app/timer.js";

/** Clocks that are moved by hand; real time passes as well, a millisecond counts as a second of ours. */
function movableClocks() {
  const began = performance.now();
  const shift = { wall: 0, steady: 0 };
  return {
    shift,
    clocks: {
      wall: () => 1e12 + shift.wall + (performance.now() - began),
      steady: () => shift.steady + (performance.now() - began),
    },
  };
}

function ring(move: (shift: { wall: number; steady: number }) => void, seconds: number): Promise<"rang"> {
  const { clocks, shift } = movableClocks();
  return new Promise((resolve, reject) => {
    const cancel = createTimer(reject, clocks)(seconds, () => resolve("rang"));
    move(shift);
    setTimeout(() => {
      cancel();
      reject(new Error("it did not ring"));
    }, 3000).unref();
  });
}

const YEAR = 365 * 86_400_000;

test("a clock that is set back by years makes no timer late", async () => {
  await expect(
    ring((shift) => {
      shift.wall -= YEAR;
    }, 0.02),
  ).resolves.toBe("rang");
});

test("a machine that has slept is looked at by the clock on the wall", async () => {
  await expect(
    ring((shift) => {
      shift.wall += YEAR;
    }, 0.05),
  ).resolves.toBe("rang");
});

test("what a task throws is reported", async () => {
  const error = await new Promise((resolve) =>
    createTimer(resolve)(0, () => {
      throw new Error("no");
    }),
  );
  expect(String(error)).toContain("no");
});
