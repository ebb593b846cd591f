/** What another user of the machine can read, and where links that somebody has laid lead: nothing, and nowhere. */
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import {
  bmbridge,
  PASSWORD,
  type RunningNode,
  setOptions,
  setupNode,
  startNode,
  TEST_SETTINGS,
  temporaryDirectory,
} from "../support/running-node.js";

const directory = temporaryDirectory();
const data = join(directory.path, "node");
let node: RunningNode;

beforeAll(async () => {
  // There before, for others to look into; made by somebody who denies nothing to anybody.
  mkdirSync(data, { mode: 0o755 });
  chmodSync(data, 0o755);
  const before = process.umask(0);
  try {
    await setupNode(data, "anna");
    node = await startNode(data, ["imap.tls=starttls", "smtp.tls=starttls"]);
  } finally {
    process.umask(before);
  }
}, 120_000);
afterAll(async () => {
  await node?.stop();
  directory.remove();
}, 120_000);

async function run(...parameters: string[]) {
  const before = process.umask(0);
  try {
    return await bmbridge([...parameters, "--data-dir", data, ...setOptions(TEST_SETTINGS)]);
  } finally {
    process.umask(before);
  }
}

/** Each file, directory and socket below, with the bits that others have. */
function openToOthers(path: string): string[] {
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .map((name) => [name, lstatSync(join(path, name)).mode & 0o077] as const)
    .filter(([, bits]) => bits !== 0)
    .map(([name, bits]) => `${name} ${bits.toString(8)}`);
}

test("every file of a running node is the owner's alone: database, log, socket, keys and certificates", () => {
  const names = readdirSync(data, { recursive: true, encoding: "utf8" });
  for (const name of ["bmbridge.sqlite", "bmbridge.sqlite-wal", "control.sock", "tls"])
    expect(names).toContain(name);
  expect(names.some((name) => name.endsWith(".key"))).toBe(true);
  expect(openToOthers(data)).toEqual([]);
});

test("so are backups, exports, and what is restored from a backup that others could read", async () => {
  const out = join(directory.path, "out");
  mkdirSync(out, { mode: 0o700 });
  for (const command of [
    ["backup", join(out, "backup")],
    ["export", "keys.dat", join(out, "keys.dat")],
    ["export", "mbox", join(out, "mbox"), "--user", "anna"],
    ["export", "maildir", join(out, "maildir"), "--user", "anna"],
  ]) {
    const outcome = await run(...command);
    expect([command[1], outcome.status, outcome.stderr]).toEqual([command[1], 0, ""]);
  }
  expect(openToOthers(out)).toEqual([]);
  chmodSync(join(out, "backup"), 0o644);
  const restored = join(directory.path, "restored");
  mkdirSync(restored, { mode: 0o755 });
  const before = process.umask(0);
  const outcome = await bmbridge(["restore", join(out, "backup"), "--data-dir", restored]);
  process.umask(before);
  expect([outcome.status, outcome.stderr]).toEqual([0, ""]);
  expect(openToOthers(restored)).toEqual([]);
}, 120_000);

test("a backup or an export follows no link and overwrites nothing", async () => {
  const trap = join(directory.path, "trap");
  mkdirSync(trap);
  const victim = join(trap, "victim");
  writeFileSync(victim, "precious");
  for (const [name, target] of [
    ["to-file", victim],
    ["to-nowhere", join(trap, "nowhere")],
  ] as const) {
    symlinkSync(target, join(trap, name));
    for (const command of [["backup"], ["export", "keys.dat"], ["export", "mbox", "--user", "anna"]]) {
      const outcome = await run(...command, join(trap, name));
      expect([command, name, outcome.status]).toEqual([command, name, expect.any(Number)]);
      expect(outcome.status).not.toBe(0);
    }
    symlinkSync(target, join(trap, `${name}-part.part`));
    expect((await run("backup", join(trap, `${name}-part`))).status).not.toBe(0);
  }
  expect(readFileSync(victim, "utf8")).toBe("precious");
  expect(existsSync(join(trap, "nowhere"))).toBe(false);
}, 120_000);

test("a link where the socket is to be is taken away, and not followed", async () => {
  const other = join(directory.path, "other");
  await setupNode(other, "berta");
  const victim = join(directory.path, "victim");
  writeFileSync(victim, "precious");
  symlinkSync(victim, join(other, "control.sock"));
  const second = await startNode(other);
  expect(lstatSync(join(other, "control.sock")).isSocket()).toBe(true);
  await second.stop();
  expect(readFileSync(victim, "utf8")).toBe("precious");
}, 120_000);

const onLinux = process.platform === "linux" ? test : test.skip;
onLinux("a core dump would hold no memory; what everybody can see of the process holds no secret", () => {
  const proc = `/proc/${node.child.pid}`;
  expect(Number.parseInt(readFileSync(`${proc}/coredump_filter`, "utf8"), 16)).toBe(0);
  expect(lstatSync(`${proc}/environ`).mode & 0o077).toBe(0);
  expect(readFileSync(`${proc}/cmdline`, "latin1")).not.toContain(PASSWORD);
});
