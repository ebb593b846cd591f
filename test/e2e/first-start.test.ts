/** The first start as a person at a terminal meets it, and as a script does. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "@jest/globals";
import { bmbridge, MAIN, setOptions, TEST_SETTINGS, temporaryDirectory } from "../support/running-node.js";

const directory = temporaryDirectory();
afterAll(() => directory.remove());

let running: ChildProcessWithoutNullStreams | null = null;
afterEach(() => {
  running?.kill("SIGKILL");
});

/** `bmbridge start` on a pseudo terminal of util-linux's `script`; what it writes is waited for piece by piece. */
function startAtTerminal(name: string, more: readonly string[] = []) {
  const parameters = ["start", "--data-dir", join(directory.path, name), ...setOptions(TEST_SETTINGS)];
  const words = [process.execPath, MAIN, ...parameters, ...more];
  // Without exec a shell that stays in between, as dash does, would die of the Ctrl-C meant for the node.
  const command = `exec ${words.map((word) => `'${word}'`).join(" ")}`;
  const child = spawn("script", ["-qefc", command, "/dev/null"]);
  running = child;
  let text = "";
  let arrived = () => {};
  child.stdout.on("data", (chunk: Buffer) => {
    text += chunk.toString();
    arrived();
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const until = (words: string) =>
    new Promise<string>((resolve, reject) => {
      arrived = () => {
        const found = text.indexOf(words);
        if (found < 0) return;
        const before = text.slice(0, found + words.length);
        text = text.slice(found + words.length);
        resolve(before);
      };
      void ended.then(() => reject(new Error(`ended before "${words}": ${text}`)));
      arrived();
    });
  return { until, ended, type: (keys: string) => child.stdin.write(keys), rest: () => text };
}

test("a person is asked for two names, and corrected; what is printed is what a mail client needs", async () => {
  const terminal = startAtTerminal("asked");
  await terminal.until("Name of the login [");
  terminal.type("Ada Lovelace\r");
  await terminal.until("A login has up to 64 letters");
  await terminal.until("Name of the login [");
  terminal.type("Ada\r");
  await terminal.until("Label of your address, which nobody else sees [ada]: ");
  terminal.type(" Countess \r");
  const shown = await terminal.until("\nready\r\n");
  expect(shown).toMatch(
    /your address {2}BM-\w+@bm\.localhost\r\n {2}user name {5}ada\r\n {2}password {6}[a-z2-9-]{19}\r\n/,
  );
  expect(shown).toMatch(/reading \(IMAP\) {2}server 127\.0\.0\.1, port \d+, security none/);
  terminal.type("\x03");
  expect(await terminal.ended).toBe(0);
  const listed = await bmbridge([
    "identity",
    "list",
    "--json",
    "--data-dir",
    join(directory.path, "asked"),
    ...setOptions(TEST_SETTINGS),
  ]);
  expect(JSON.parse(listed.stdout)).toMatchObject([{ label: "Countess", user: "ada" }]);
  const again = startAtTerminal("asked");
  expect(await again.until("\nready\r\n")).not.toMatch(/first|Welcome|password {2}/);
  again.type("\x03");
  expect(await again.ended).toBe(0);
});

test("Enter takes what stands in brackets", async () => {
  const terminal = startAtTerminal("defaults");
  const [, user = ""] = /Name of the login \[(.*)\]: $/.exec(await terminal.until("]: ")) ?? [];
  // Typed ahead.
  terminal.type("\r\r");
  await terminal.until("Label of your address");
  expect(await terminal.until("\nready\r\n")).toContain(`user name     ${user}\r\n`);
  terminal.type("\x03");
  expect(await terminal.ended).toBe(0);
});

test.each([
  ["the end of input", "\x04"],
  ["Ctrl-C", "\x03"],
])("%s at the question ends the start, and nothing has been made", async (_name, key) => {
  const terminal = startAtTerminal("refused");
  await terminal.until("]: ");
  terminal.type(key);
  await terminal.until("nothing has been made");
  expect(await terminal.ended).toBe(1);
  const users = ["user", "list", "--json", "--data-dir", join(directory.path, "refused")];
  expect((await bmbridge([...users, ...setOptions(TEST_SETTINGS)])).stdout).toBe("[]\n");
});

test("with --json nobody is asked, not even at a terminal", async () => {
  const terminal = startAtTerminal("json", ["--json"]);
  const line = await terminal.until("\r\n");
  expect(JSON.parse(line)).toMatchObject({ ready: true, first_start: { address: expect.any(String) } });
  terminal.type("\x03");
  expect(await terminal.ended).toBe(0);
});

test("a script is not asked", async () => {
  const child = spawn(
    process.execPath,
    [MAIN, "start", "--data-dir", join(directory.path, "script"), ...setOptions(TEST_SETTINGS)],
    { stdio: "pipe" },
  );
  running = child;
  let text = "";
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  child.stdout.on("data", (chunk: Buffer) => {
    text += chunk.toString();
    if (text.endsWith("\nready\n")) child.kill("SIGTERM");
  });
  expect(await ended).toBe(0);
  expect(text).toMatch(/^Welcome to Bitmessage Bridge/);
  expect(text).not.toContain("[");
});

test("a service makes no login, whose password would stand in its log, also at a terminal", async () => {
  const terminal = startAtTerminal("service", ["--no-setup"]);
  expect(await terminal.until("\nready\r\n")).not.toMatch(/password {2}|\]: /);
  terminal.type("\x03");
  expect(await terminal.ended).toBe(0);
  const users = ["user", "list", "--json", "--data-dir", join(directory.path, "service")];
  expect((await bmbridge([...users, ...setOptions(TEST_SETTINGS)])).stdout).toBe("[]\n");
});
