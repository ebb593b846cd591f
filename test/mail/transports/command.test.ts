import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { createCommandTransport } from "../../../src/mail/transports/command.js";
import { outbound } from "./servers.js";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "command-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const never = new AbortController().signal;

/** A shell script: the shell is the program here, not ours. */
function script(text: string): string {
  const file = join(folder, "program");
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o700);
  return file;
}

function run(program: string, parameters: string[] = [], options: { timeLimit?: number } = {}) {
  const transport = createCommandTransport({
    command: [program, ...parameters],
    timeLimit: options.timeLimit ?? 5000,
    environment: { PATH: "/usr/bin:/bin" },
  });
  return transport.deliver(outbound({ recipient: "$(touch evil)@example.org" }), never);
}

test("the mail on standard input, the envelope in the environment, and nothing else of ours", async () => {
  process.env["BMBRIDGE_TEST_SECRET"] = "secret";
  const out = join(folder, "out");
  await run(script(`cat > ${out}; env | sort > ${out}.env; pwd >> ${out}.env`));
  delete process.env["BMBRIDGE_TEST_SECRET"];
  expect(readFileSync(out)).toEqual(Buffer.from(outbound().bytes));
  const lines = readFileSync(`${out}.env`, "utf8").trimEnd().split("\n");
  expect(lines.filter((line) => !/^(_|PWD|SHLVL|OLDPWD)=/.test(line))).toEqual([
    "DELIVERY_ATTEMPT=1",
    "DELIVERY_ID=h1",
    "PATH=/usr/bin:/bin",
    "RECIPIENT=$(touch evil)@example.org",
    "SENDER=bob@bm.localhost",
    "/",
  ]);
});

test("no shell reads the arguments", async () => {
  const out = join(folder, "out");
  await run(script(`cat > /dev/null; printf '%s\\n' "$@" > ${out}`), ["; touch evil", "$HOME", "*"]);
  expect(readFileSync(out, "utf8")).toBe("; touch evil\n$HOME\n*\n");
  expect(existsSync(join(folder, "evil"))).toBe(false);
});

test("a program that reads nothing and succeeds has taken the mail", async () => {
  await expect(run("/bin/true")).resolves.toEqual({ reports: "nobody" });
});

test("what it says when it fails is told; few statuses are final", async () => {
  for (const status of [65, 67, 77, 100])
    await expect(run(script(`exit ${status}`))).rejects.toMatchObject({
      lasting: "permanent",
      about: "mail",
    });
  for (const status of [1, 64, 75, 126, 127])
    await expect(run(script(`exit ${status}`))).rejects.toMatchObject({ lasting: "temporary" });
  await expect(run(script("echo 'no room\nleft' >&2; exit 75"))).rejects.toMatchObject({
    message: expect.stringMatching(/program ended with status 75: no room left$/),
  });
});

test("a program that is missing or cannot be run is a trouble of the target", async () => {
  await expect(run(join(folder, "nothing"))).rejects.toMatchObject({
    lasting: "temporary",
    about: "target",
    message: expect.stringContaining("ENOENT"),
  });
  const file = script("exit 0");
  chmodSync(file, 0o600);
  await expect(run(file)).rejects.toMatchObject({
    about: "target",
    message: expect.stringContaining("EACCES"),
  });
});

test("one that hangs is killed with all that it has started", async () => {
  const out = join(folder, "pid");
  const program = script(`cat > /dev/null; sleep 600 & echo $! > ${out}; wait`);
  await expect(run(program, [], { timeLimit: 300 })).rejects.toMatchObject({
    lasting: "temporary",
    message: expect.stringContaining("was ended after 300 ms"),
  });
  const pid = Number(readFileSync(out, "utf8"));
  // A killed child of a killed parent may be a zombie until init takes it.
  const isAlive = () =>
    existsSync(`/proc/${pid}/stat`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  for (let look = 0; look < 100 && isAlive(); look++) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(isAlive()).toBe(false);
});

test("one that floods its error output, or leaves it open, holds nobody up", async () => {
  await expect(run(script("yes 2>/dev/null | head -c 3000000 >&2; exit 1"))).rejects.toMatchObject({
    message: expect.stringMatching(/^.{1,300}$/),
  });
  await expect(run(script("sleep 5 & exit 0"))).resolves.toEqual({ reports: "nobody" });
});
