/** The settings that `bmbridge client-settings` makes, loaded by the programs themselves, with the password filled in. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { readMailbox, refillMailbox } from "../support/mail-user.js";
import {
  bmbridge,
  type Outcome,
  PASSWORD,
  type RunningNode,
  runProgram,
  setupNode,
  startNode,
  temporaryDirectory,
} from "../support/running-node.js";

const directory = temporaryDirectory();
const data = join(directory.path, "node");
let node: RunningNode;
let address = "";

beforeAll(async () => {
  address = await setupNode(data, "alice");
  node = await startNode(data);
}, 120_000);

afterAll(async () => {
  await node?.stop();
  directory.remove();
}, 120_000);

async function settings(client: string): Promise<string> {
  const { status, stdout } = await bmbridge(["client-settings", client, "--data-dir", data]);
  expect(status).toBe(0);
  return stdout;
}

/** The file of a program, as its owner would leave it. */
async function load(client: string, change = (text: string): string => text): Promise<string> {
  const path = join(directory.path, client);
  writeFileSync(path, change((await settings(client)).replaceAll("PASSWORD", PASSWORD)), { mode: 0o600 });
  return path;
}

function run(program: string, parameters: readonly string[], input = ""): Promise<Outcome> {
  return runProgram(program, parameters, { input, environment: { HOME: directory.path } });
}

const subjects = async (mailbox: string) =>
  (await readMailbox(node, "alice", mailbox)).map(({ subject }) => subject);

describe("settings that are made", () => {
  test("msmtp sends with them", async () => {
    const file = await load("msmtp");
    const mail = `From: ${address}@bm.localhost\nTo: ${address}@bm.localhost\nSubject: by msmtp\n\nHello\n`;
    expect(await run("msmtp", ["-C", file, `${address}@bm.localhost`], mail)).toMatchObject({
      status: 0,
      stderr: "",
    });
    expect(await subjects("Sent")).toContain("by msmtp");
  }, 120_000);

  test("mbsync fetches with them", async () => {
    await refillMailbox(node, "alice", "Archive", ["to be fetched"]);
    const mail = join(directory.path, "Mail", "bitmessage");
    mkdirSync(mail, { recursive: true });
    const file = await load("mbsync");
    expect(await run("mbsync", ["-c", file, "-a"])).toMatchObject({ status: 0 });
    const found = await run("grep", ["-rl", "to be fetched", join(mail, "Archive")]);
    expect(found.stdout).not.toBe("");
  }, 120_000);

  test("mutt sends with them, and keeps its copy in the folder of the bridge", async () => {
    const file = await load("mutt");
    const outcome = await run(
      "mutt",
      ["-F", file, "-s", "by mutt", "--", `${address}@bm.localhost`],
      "Hello\n",
    );
    expect(outcome).toMatchObject({ status: 0 });
    expect((await subjects("Sent")).filter((subject) => subject === "by mutt")).toHaveLength(1);
  }, 120_000);

  test("every other client has its file, too; and one that is not known is wrong use", async () => {
    expect(await settings("apple")).toMatch(
      /^<\?xml[\s\S]*<key>IncomingMailServerPortNumber<\/key><integer>\d+</,
    );
    expect(await settings("thunderbird")).toContain(`port ${node.imapPort}`);
    const { status, stderr } = await bmbridge(["client-settings", "pigeon", "--data-dir", data]);
    expect([status, stderr]).toEqual([2, expect.stringContaining("Allowed choices")]);
    const found = await fetch(
      `http://localhost:${node.webPort}/mail/config-v1.1.xml?emailaddress=${address}@bm.localhost`,
    );
    expect(await found.text()).toContain(`<port>${node.smtpPort}</port>`);
  }, 120_000);
});
