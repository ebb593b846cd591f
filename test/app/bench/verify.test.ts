import { expect, test } from "@jest/globals";
import { benchVerify } from "../../../src/app/bench/verify.js";

test("measures objects of four sizes", async () => {
  const { sizes } = await benchVerify({ seconds: 0.05 });
  expect(sizes.map(({ bytes }) => bytes)).toEqual([200, 1000, 10_000, 262_144]);
  for (const row of sizes) {
    expect(Object.keys(row)).toEqual(["bytes", "objects_per_cpu_second"]);
    expect(row.objects_per_cpu_second).toBeGreaterThan(0);
  }
});
