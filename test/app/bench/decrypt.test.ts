import { expect, test } from "@jest/globals";
import { benchDecrypt } from "../../../src/app/bench/decrypt.js";
import { curve, loadNativeCurve } from "../../../src/bitmessage/protocol/curve.js";

test("measures each implementation with 1, 10 and 100 identities, the fastest with 1000", async () => {
  const { implementations } = await benchDecrypt({ seconds: 0.05 });
  const names = loadNativeCurve() === null ? ["node", "noble"] : ["native", "node", "noble"];
  expect(implementations.map(({ name, identities }) => [name, identities])).toEqual(
    names.flatMap((name) =>
      [1, 10, 100, ...(name === names[0] ? [1000] : [])].map((identities) => [name, identities]),
    ),
  );
  expect(names).toContain(curve.name);
  for (const row of implementations) {
    expect(Object.keys(row)).toEqual([
      "name",
      "identities",
      "objects_per_cpu_second",
      "microseconds_per_identity",
    ]);
    expect(row.objects_per_cpu_second).toBeGreaterThan(0);
  }
});
