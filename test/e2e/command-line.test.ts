/** The commands as a person and a script meet them: without a node, with one, and used wrongly. */
import { statSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  bmbridge,
  type RunningNode,
  setOptions,
  setupNode,
  startNode,
  TEST_SETTINGS,
  temporaryDirectory,
} from "../support/running-node.js";

const directory = temporaryDirectory();
const data = join(directory.path, "data");
afterAll(() => directory.remove());

const run = (parameters: string[], input?: string) =>
  bmbridge([...parameters, "--data-dir", data, ...setOptions(TEST_SETTINGS)], input);

async function json(parameters: string[], input?: string) {
  const outcome = await run([...parameters, "--json"], input);
  expect({ status: outcome.status, stderr: outcome.stderr }).toEqual({ status: 0, stderr: "" });
  expect(outcome.stdout.trimEnd()).not.toContain("\n");
  return JSON.parse(outcome.stdout);
}

describe("wrong use", () => {
  test("ends with 2 and one sentence", async () => {
    for (const [parameters, message] of [
      [["nonsense"], /unknown command/],
      [["start", "--set", "node.port=1"], /there is no setting node\.port/],
      [["start", "--config", "/nowhere.toml"], /there is no such file/],
      [["chan", "join"], /--passphrase-stdin/],
      [["setup"], /--user/],
    ] as const) {
      const outcome = await bmbridge([...parameters, "--data-dir", join(directory.path, "unused")]);
      expect({ parameters, status: outcome.status }).toEqual({ parameters, status: 2 });
      expect(outcome.stderr).toMatch(message);
      expect(outcome.stdout).toBe("");
    }
  });

  test("one sentence for what cannot be read or is no address, a port that cannot be", async () => {
    for (const [status, parameters, message] of [
      [1, ["identity", "import", "/nowhere"], /ENOENT.*nowhere/],
      [2, ["config", "check", "--config", directory.path], /cannot be read/],
      [2, ["config", "check", "--set", "smtp.listen=127.0.0.1:65536"], /smtp\.listen: .*65535/],
      [2, ["contact", "add", "BM-nobody", "Nobody"], /BM-nobody is no Bitmessage address/],
    ] as const) {
      const outcome = await bmbridge([...parameters, "--data-dir", join(directory.path, "unused")]);
      expect({ parameters, status: outcome.status }).toEqual({ parameters, status });
      expect(outcome.stderr).toMatch(message);
      expect(outcome.stderr.trimEnd().split("\n")).toHaveLength(1);
    }
  });

  test("what needs a node says so", async () => {
    const outcome = await run(["status"]);
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toMatch(/no node runs on this data directory/);
  });
});

describe("without a node", () => {
  test("setup, and what it made", async () => {
    const made = await json(
      ["setup", "--user", "ada", "--password-stdin", "--identity", "Ada"],
      "a long password\n",
    );
    expect(made).toMatchObject({ user: "ada", identities: [{ label: "Ada" }] });
    expect(await json(["identity", "list"])).toEqual([
      expect.objectContaining({
        address: made.identities[0].address,
        label: "Ada",
        enabled: true,
        chan: false,
        user: "ada",
      }),
    ]);
    expect(statSync(data).mode & 0o777).toBe(0o700);
    expect(statSync(join(data, "bmbridge.sqlite")).mode & 0o777).toBe(0o600);
  });

  test("the same user twice is refused, and so is a short password", async () => {
    expect((await run(["user", "add", "ada"], "another password\n")).stderr).toMatch(/ada/);
    expect((await run(["user", "add", "bob"], "\n")).status).not.toBe(0);
  });

  test("identities from a passphrase are PyBitmessage's", async () => {
    const passphrase = "TIGER, tiger, burning bright. In the forests of the night";
    const made = await json(
      ["identity", "create", "--passphrase-stdin", "--label", "tiger"],
      `${passphrase}\n`,
    );
    expect(made.address).toBe("BM-2cWzSnwjJ7yRP3nLEWUV5LisTZyREWSzUK");
    const again = await run(["identity", "create", "--passphrase-stdin"], `${passphrase}\n`);
    expect(again.status).toBe(1);
  });

  test("chans, subscriptions, contacts", async () => {
    const chan = await json(["chan", "join", "--passphrase-stdin"], "general\n");
    expect(chan).toMatchObject({ address: "BM-2cW67GEKkHGonXKZLCzouLLxnLym3azS8r", chan: true });
    expect(await json(["chan", "list"])).toHaveLength(1);
    await json(["subscription", "add", "BM-GtovgYdgs7qXPkoYaRgrLFuFKz1SFpsw", "--label", "news"]);
    expect(await json(["subscription", "list"])).toMatchObject([
      { address: "BM-GtovgYdgs7qXPkoYaRgrLFuFKz1SFpsw", label: "news" },
    ]);
    await json(["contact", "add", "BM-orkCbppXWSqPpAxnz6jnfTZ2djb5pJKDb", "Carol"]);
    await json(["contact", "block", "BM-orkCbppXWSqPpAxnz6jnfTZ2djb5pJKDb"]);
    expect(await json(["contact", "list"])).toMatchObject([{ user: "ada", label: "Carol", blocked: true }]);
    const set = ["contact", "set", "BM-orkCbppXWSqPpAxnz6jnfTZ2djb5pJKDb"];
    await json([...set, "attachments=inline", "encoding=simple", "max_work=5000000"]);
    await json([...set, "encoding=default"]);
    expect(await json(["contact", "list"])).toMatchObject([{ attachments: "inline", max_work: 5_000_000 }]);
    expect(await run([...set, "colour=red"])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('"colour=red" cannot be set; write attachments='),
    });
    expect(await run(["queue", "retry", "nothing", "--accept-price"])).toMatchObject({
      status: 1,
      stderr: "bmbridge: there is no message nothing in the queue\n",
    });
    expect((await run(["contact", "list", "--user", "nobody"])).stderr).toMatch(/no login nobody/);
    const wrong = await run(["contact", "add", "BM-orkCbppXWSqPpAxnz6jnfTZ2djb5pJKDB", "Eve"]);
    expect(wrong.status).not.toBe(0);
    expect(wrong.stderr).toMatch(/checksum/);
  });

  test("export and import of an identity", async () => {
    const [identity] = (await json(["identity", "list"])).filter(
      (row: { label: string }) => row.label === "Ada",
    );
    const exported = await run(["identity", "export", identity.address]);
    expect(exported.stdout).toMatch(/^\[BM-[\s\S]*privsigningkey = 5/);
  });
});

describe("with a node", () => {
  let node: RunningNode;
  beforeAll(async () => {
    node = await startNode(data);
  });
  afterAll(async () => {
    await node.stop();
  });

  test("a second node on the same data is refused", async () => {
    const outcome = await run(["start"]);
    expect(outcome.status).toBe(2);
    expect(outcome.stderr).toMatch(/already|runs/);
  });

  test("status", async () => {
    expect(await json(["status"])).toMatchObject({
      peers: [],
      inventory: {},
      queue: {},
      pow: { engine: expect.any(String) },
    });
  });

  test("a message to an own identity arrives, and shows in the queue", async () => {
    const rows = (await json(["identity", "list"])) as { address: string; label: string }[];
    const from = rows.find((row) => row.label === "Ada")?.address ?? "";
    const sent = await json(["send", "--from", from, "--to", from, "--subject", "note"], "to myself\n");
    const queue = await json(["queue", "list"]);
    expect(queue[0]).toMatchObject({ id: sent.id, from, to: from, subject: "note" });
    expect((await run(["queue", "show", sent.id])).status).toBe(0);
    expect((await run(["queue", "cancel", "no-such-id"])).status).toBe(1);
  });

  test("a backup while it runs, and another place that lives on from it", async () => {
    const file = join(directory.path, "backup");
    expect((await json(["backup", file])).size).toBe(statSync(file).size);
    expect((await run(["restore", file])).stderr).toMatch(/a node runs/);
    const there = join(directory.path, "restored");
    const restored = await bmbridge(["restore", file, "--data-dir", there]);
    expect(restored).toMatchObject({ status: 0, stderr: "" });
    const list = ["identity", "list", "--json"];
    const again = await bmbridge([...list, "--data-dir", there, ...setOptions(TEST_SETTINGS)]);
    expect(JSON.parse(again.stdout)).toEqual(await json(["identity", "list"]));
  });

  test("an unknown recipient is refused in words", async () => {
    const rows = (await json(["identity", "list"])) as { address: string }[];
    const outcome = await run(["send", "--from", rows[0]?.address ?? "", "--to", "bob@example.com"], "x\n");
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toMatch(/Bitmessage/);
  });
});

test("a first start that fails makes no login whose password nobody has seen", async () => {
  const blocker = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => blocker.once("listening", resolve));
  const { port } = blocker.address() as AddressInfo;
  const fresh = join(directory.path, "fresh");
  const outcome = await bmbridge([
    "start",
    "--data-dir",
    fresh,
    ...setOptions([...TEST_SETTINGS, `smtp.listen=127.0.0.1:${port}`]),
  ]);
  blocker.close();
  expect(outcome).toMatchObject({ status: 2, stdout: "", stderr: expect.stringMatching(/smtp\.listen/) });
  expect((await bmbridge(["user", "list", "--json", "--data-dir", fresh])).stdout).toBe("[]\n");
});

test("a stopped node ends with 0 and leaves no socket; its data stays with its network", async () => {
  const other = join(directory.path, "other");
  await setupNode(other, "dora");
  const node = await startNode(other);
  expect(await node.stop()).toBe(0);
  expect((await bmbridge(["status", "--data-dir", other])).status).toBe(1);
  const elsewhere = setOptions([...TEST_SETTINGS, "network.name=elsewhere"]);
  const refused = await bmbridge(["start", "--data-dir", other, ...elsewhere]);
  expect(refused).toMatchObject({ status: 2, stdout: "" });
  expect(refused.stderr).toMatch(/network\.name: .*"test"/);
});
