/** A thousand connections from one network and ten thousand that say nothing, from real addresses, where the system lets us have them. */
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";
import { runProgram } from "../../../support/running-node.js";

const BUILT = fileURLToPath(new URL("../../../..", import.meta.url));
const namespace = spawnSync("unshare", ["--map-root-user", "--net", "ip", "link", "set", "lo", "up"]);
const crowdTest = namespace.status === 0 ? test : test.skip;

crowdTest(
  "honest peers of other networks keep their place, and new ones get in",
  async () => {
    const environment = { DIST: BUILT };
    const script = resolve("scripts/crowd-node.mjs");
    const { stdout } = await runProgram(process.execPath, [script, "--json"], { environment });
    expect(JSON.parse(stdout)).toMatchObject({
      good: true,
      honest_before: "20 of 20",
      honest_after: "20 of 20",
      honest_during_flood: true,
      silent_opened: 10_000,
    });
  },
  60_000,
);
