import { expect, test } from "@jest/globals";
import { powValue } from "../../../src/bitmessage/protocol/pow-target.js";
import { createInlineSolver } from "./inline-solver.js";

const HASH = Uint8Array.from({ length: 64 }, (_, index) => index);

function bytesOf(nonce: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, nonce);
  return bytes;
}

test("solves on the thread of the caller, over several slices, and lets the event loop run", async () => {
  const solver = createInlineSolver();
  const target = 2n ** 64n / 3000n;
  let ticks = 0;
  const count = () => {
    ticks++;
    immediate = setImmediate(count);
  };
  let immediate = setImmediate(count);
  let trials = 0;
  for (let round = 0; round < 8; round++) {
    const solution = await solver.solve({
      prepare: () => ({ initialHash: HASH, target }),
      signal: new AbortController().signal,
    });
    expect(powValue(bytesOf(solution.nonce), HASH)).toBeLessThanOrEqual(target);
    trials += solution.trials;
  }
  clearImmediate(immediate);
  if (trials > 8 * 512) expect(ticks).toBeGreaterThan(0);
  expect(solver.status()).toMatchObject({ engine: "javascript", threads: 1, working: false });
  expect(solver.status().trialsPerSecond).toBeGreaterThan(0);
  await solver.close();
});

test("an abort ends an endless search", async () => {
  const solver = createInlineSolver();
  const controller = new AbortController();
  const endless = solver.solve({
    prepare: () => ({ initialHash: HASH, target: 0n }),
    signal: controller.signal,
    onProgress: () => controller.abort(),
  });
  await expect(endless).rejects.toMatchObject({ name: "AbortError" });
  expect(solver.status().working).toBe(false);
});
