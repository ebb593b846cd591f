/** Routers of all kinds, in a network namespace of their own, where the system lets us have one. */
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";
import { runProgram } from "../../support/running-node.js";

const BUILT = fileURLToPath(new URL("../../..", import.meta.url));
const commands = "ip link set lo up && ip link add home type veth peer name cable";
const namespace = spawnSync("unshare", ["--map-root-user", "--net", "sh", "-c", commands]);
const routerTest = namespace.status === 0 ? test : test.skip;

routerTest(
  "a router opens a port by UPnP or NAT-PMP; one that lies or is silent costs a warning",
  async () => {
    const environment = { DIST: BUILT };
    const { stdout } = await runProgram(process.execPath, [resolve("scripts/check-port-mapping.mjs")], {
      environment,
    });
    const lines = stdout.trim().split("\n");
    expect(lines.filter((line) => !line.startsWith("good"))).toEqual([]);
    expect(lines).toHaveLength(5);
  },
  120_000,
);
