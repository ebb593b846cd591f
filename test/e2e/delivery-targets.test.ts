/** Every kind of delivery target as a person sets it up, and what the commands tell of them. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createTransport } from "nodemailer";
import { type ScriptedServer, scriptedServer, webServer } from "../mail/transports/servers.js";
import { readMailbox } from "../support/mail-user.js";
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
const home = join(directory.path, "node");
const kept = join(directory.path, "kept");
let node: RunningNode;
let hook: Awaited<ReturnType<typeof webServer>>;
let server: ScriptedServer;
let [anna, bert] = ["", ""];

const config = (imapPort: number) => `
[handover]
retry_after = 1

[[delivery]]
name = "program"
type = "command"
users = ["anna"]
command = ["${directory.path}/program", "one argument"]

[[delivery]]
name = "hook"
type = "webhook"
users = ["anna"]
url = "${hook.url.href}"
format = "json"
secret_file = "${directory.path}/secret"

[[delivery]]
name = "other-account"
type = "imap"
users = ["anna"]
server = "127.0.0.1:${imapPort}"
username = "bert"
password_file = "${directory.path}/password"
folder = "From Anna"

[[delivery]]
name = "refusing"
type = "smtp"
users = ["anna"]
server = "127.0.0.1:${server.port}"
recipient = "{user}@example.org"
`;

beforeAll(async () => {
  anna = await setupNode(home, "anna");
  bert = await setupNode(home, "bert");
  hook = await webServer([503, 200]);
  server = await scriptedServer({ RCPT: "550 5.7.1 no relaying" });
  writeFileSync(join(directory.path, "program"), `#!/bin/sh\ncat > ${kept}.new && mv ${kept}.new ${kept}\n`);
  chmodSync(join(directory.path, "program"), 0o700);
  writeFileSync(join(directory.path, "secret"), "shared\n");
  writeFileSync(join(directory.path, "password"), `${PASSWORD}\n`);
  // Twice, since the account on the other server is here one of the same node, whose port it chooses itself.
  writeFileSync(join(home, "config.toml"), config(1));
  node = await startNode(home);
  const { imapPort } = node;
  await node.stop();
  writeFileSync(join(home, "config.toml"), config(imapPort));
  node = await startNode(home, [`imap.listen=127.0.0.1:${imapPort}`]);
}, 120_000);

afterAll(async () => {
  await node?.stop();
  await hook?.close();
  await server?.close();
  directory.remove();
}, 120_000);

async function run(...parameters: string[]) {
  const outcome = await bmbridge([...parameters, "--json", "--data-dir", home, ...setOptions(TEST_SETTINGS)]);
  return { ...outcome, value: outcome.status === 0 ? JSON.parse(outcome.stdout) : null };
}

async function until<T>(look: () => Promise<T | null>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test("each gets the mail; what one refuses is reported, listed, tried again and cancelled", async () => {
  const auth = { user: "bert", pass: PASSWORD };
  const transport = createTransport({ host: "127.0.0.1", port: node.smtpPort, auth });
  const to = `${anna}@bm.localhost`;
  await transport.sendMail({ from: `${bert}@bm.localhost`, to, subject: "For all", text: "Hello targets." });
  transport.close();

  const program = await until(async () => (existsSync(kept) ? readFileSync(kept, "utf8") : null));
  expect(program).toContain("Hello targets.");
  await until(async () => (hook.posted.length === 2 ? true : null));
  const [first, second] = hook.posted.map((one) => JSON.parse(one.body.toString()));
  expect(first).toMatchObject({ subject: "For all", recipient: "anna", sender: `${bert}@bm.localhost` });
  expect([second.id, first.attempt, second.attempt]).toEqual([first.id, 1, 2]);
  expect(Buffer.from(second.mail, "base64").toString()).toBe(program);
  const copies = await until(async () => {
    const list = await readMailbox(node, "bert", "From Anna").catch(() => []);
    return list.length > 0 ? list : null;
  });
  expect(copies.map((one) => one.subject)).toEqual(["For all"]);

  const [row, ...others] = await until(async () => {
    const { value } = await run("delivery", "list");
    return value.length === 1 && value[0].state === "failed" ? value : null;
  });
  expect(others).toEqual([]);
  expect(row).toMatchObject({ target: "refusing", recipient: "anna@example.org", attempts: 1 });
  expect(row.error).toContain("550 5.7.1 no relaying");
  const subjects = (await readMailbox(node, "anna", "INBOX")).map((one) => one.subject);
  expect(subjects).toEqual(["For all", 'Not delivered: mail to "refusing"']);

  expect((await run("delivery", "retry", row.id)).value).toMatchObject({ state: "waiting" });
  await until(async () => ((await run("delivery", "list")).value[0]?.attempts === 2 ? true : null));
  expect((await run("delivery", "cancel", row.id)).value).toMatchObject({ state: "cancelled" });
  expect((await run("delivery", "list")).value).toEqual([]);
  for (const command of ["retry", "cancel"]) {
    const outcome = await run("delivery", command, row.id);
    expect([outcome.status, outcome.stderr]).toEqual([1, expect.stringContaining("nothing with the id")]);
  }
  expect(node.log()).not.toMatch(/Hello targets|shared|correct horse/);
}, 120_000);

test("a secret that is missing is named before anything starts", async () => {
  const file = join(directory.path, "config.toml");
  writeFileSync(file, config(1).replace("/secret", "/no-such-secret"));
  const outcome = await bmbridge(["start", "--config", file, "--data-dir", join(directory.path, "unused")]);
  expect(outcome.status).toBe(2);
  expect(outcome.stderr).toMatch(/^bmbridge: delivery "hook"\.secret: .*no-such-secret/);
}, 120_000);
