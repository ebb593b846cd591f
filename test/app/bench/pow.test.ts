import { availableParallelism } from "node:os";
import { expect, test } from "@jest/globals";
import { benchPow } from "../../../src/app/bench/pow.js";
import { availableEngines } from "../../../src/bitmessage/pow/create-engine.js";
import { tryNativeEngines } from "../../../src/bitmessage/pow/native-trial.js";

test("measures each engine on one thread, and the fastest on all cores", async () => {
  const { engines, reference } = await benchPow({ seconds: 0.6 });
  expect(engines.filter(({ threads }) => threads === 1).map(({ name }) => name)).toEqual(
    availableEngines("auto", (await tryNativeEngines()).working),
  );
  const cores = availableParallelism();
  if (cores > 1) expect(engines.at(-1)).toMatchObject({ threads: cores });
  expect(reference).toBe("javascript");
  expect(engines.find(({ name }) => name === reference)).toMatchObject({ ratio: 1 });
  for (const engine of engines) {
    expect(Object.keys(engine)).toEqual([
      "name",
      "threads",
      "trials_per_second",
      "trials_per_cpu_second",
      "ratio",
    ]);
    expect(engine.trials_per_second).toBeGreaterThan(1000);
    expect(engine.trials_per_cpu_second).toBeGreaterThan(1000);
  }
});

test("an anchor that is not there is named", async () => {
  await expect(benchPow({ seconds: 0.1, anchor: "missing.node" })).rejects.toThrow("missing.node");
});
