/** Routers of all kinds, in a network namespace of their own, where the system lets us have one. */
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";
import { createPortMapper } from "../../../src/app/network/port-mapper.js";
import { Fate } from "../../support/network/port-mapper-fates.js";
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
    expect(lines).toHaveLength(8);
  },
  120_000,
);

/** What the thread does is played by a script; ports stand for fates. */
function mapper() {
  return createPortMapper({
    script: new URL("../../support/network/port-mapper-script.js", import.meta.url),
  });
}

const nobody = () => {
  throw new Error("nothing was lost");
};

test.each([
  ["ends", Fate.exitBefore, /could not be asked/],
  ["fails", Fate.throwBefore, /thrown before/],
  ["takes too much memory", Fate.fillHeap, /memory/],
])("a thread that %s before its answer: no way in, and it can be tried again", async (_, fate, reason) => {
  const { open, close } = mapper();
  await expect(open(fate, nobody)).rejects.toThrow(reason);
  await expect(open(fate, nobody)).rejects.toThrow(reason);
  await close();
});

test.each([
  ["ends", Fate.exitAfter],
  ["fails", Fate.throwAfter],
])(
  "a thread that %s after its answer: that is told, and it can be closed and opened again",
  async (_, fate) => {
    const { open, close } = mapper();
    for (let round = 0; round < 2; round++) {
      await new Promise<void>((resolve, reject) => {
        open(fate, resolve).then((outside) => expect(outside).toBe(4711), reject);
      });
    }
    await close();
  },
);

test("a thread that does not hear is ended, which is no loss", async () => {
  const { open, close } = mapper();
  await open(Fate.deafAfter, nobody);
  await close();
});
