import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "@jest/globals";

/** Not so in containers that forbid it. */
const mayTrace = spawnSync("strace", ["-f", "-o", "/dev/null", "true"]).status === 0;

(mayTrace ? test : test.skip)(
  "nothing leaves beside the proxy: no name, no entrance, no known node",
  () => {
    const script = join(process.cwd(), "scripts", "check-proxy.mjs");
    const outcome = spawnSync(process.execPath, [script, "--seconds", "12"], { encoding: "utf8" });
    expect(outcome.stderr).toBe("");
    expect(outcome.stdout).toContain("0 beside it, 0 listeners beyond this machine");
    expect(outcome.stdout).toMatch(/bootstrap\d+\.bitmessage\.org/);
    expect(outcome.status).toBe(0);
  },
  60_000,
);
