// Drives a real Thunderbird (Debian's, with xvfb and imagemagick) against two running nodes, on a private network on loopback:
// every mail that comes in is a Bitmessage of the other node, every mail that goes out arrives there. About three minutes.
//   node scripts/try-thunderbird.mjs [--work DIR] [--only REGEXP] [--skip REGEXP] [--record DIR] [--display :41]
// Screenshots lie in DIR/shots, the outcome of the steps in DIR/steps.json. The build is taken from $DIST (dist).
import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    work: { type: "string" },
    only: { type: "string", default: "" },
    skip: { type: "string", default: "" },
    record: { type: "string", default: "" },
    display: { type: "string", default: ":41" },
  },
});
const here = dirname(fileURLToPath(import.meta.url));
const main = resolve(here, "..", process.env.DIST ?? "dist", "src/main.js");
const work = resolve(values.work ?? mkdtempSync(join(tmpdir(), "bmbridge-thunderbird-")));
const password = randomBytes(12).toString("base64url");
const settings = [
  "network.name=thunderbird-test",
  "network.min_trials_per_byte=1",
  "network.min_extra_bytes=100",
  "node.bootstrap=false",
  "node.listen=127.0.0.1:0",
  "imap.listen=127.0.0.1:0",
  "smtp.listen=127.0.0.1:0",
  "web.listen=127.0.0.1:0",
  "web.autoconfig=false",
  "log.level=warn",
];

function where(name, more = []) {
  const set = [...settings, ...more].flatMap((setting) => ["--set", setting]);
  return ["--data-dir", join(work, name), ...set];
}

function launch(name, parameters, more = []) {
  return spawn(process.execPath, [main, ...parameters, "--json", ...where(name, more)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
}

function firstDocument(child) {
  return new Promise((done, failed) => {
    createInterface({ input: child.stdout }).once("line", (line) => done(JSON.parse(line)));
    child.once("exit", (code, signal) => code !== 0 && failed(new Error(`ended with ${code ?? signal}`)));
  });
}

async function setup(name) {
  const child = launch(name, ["setup", "--user", name, "--password-stdin", "--identity", name]);
  child.stdin.end(`${password}\n`);
  const { identities } = await firstDocument(child);
  return `${identities[0].address}@bm.localhost`;
}

async function anotherIdentity(name, label) {
  const child = launch(name, ["identity", "create", "--label", label, "--user", name]);
  child.stdin.end();
  return `${(await firstDocument(child)).address}@bm.localhost`;
}

async function start(name, more) {
  const child = launch(name, ["start"], more);
  const ready = await firstDocument(child);
  const port = (endpoint) => endpoint.slice(endpoint.lastIndexOf(":") + 1);
  return {
    child,
    p2p: ready.p2p,
    imap: port(ready.imap),
    smtp: port(ready.smtp),
    web: port(ready.web),
  };
}

for (const program of ["thunderbird", "Xvfb", "import", "curl"]) {
  if (spawnSync("sh", ["-c", `command -v ${program}`]).status === 0) continue;
  console.error(`${program} is missing; scripts/install-clients --thunderbird installs it.`);
  process.exit(2);
}
for (const name of ["alice", "bob", "nobody", "profile", "profile-hub", "home"])
  rmSync(join(work, name), { recursive: true, force: true });
mkdirSync(work, { recursive: true });
const alice = await setup("alice");
const bob = await setup("bob");
const unknown = await setup("nobody");
const second = await anotherIdentity("alice", "work");
const others = [];
for (const label of ["carol", "collected", "dave", "named"]) others.push(await anotherIdentity("bob", label));
const contact = launch("alice", ["contact", "add", others[3].replace(/@.*/, ""), "Ünïcode Näme"]);
contact.stdin.end();
await new Promise((done) => contact.once("exit", done));
const bobNode = await start("bob");
const aliceNode = await start("alice", [`node.connect=${bobNode.p2p}`, "web.autoconfig=true"]);
const turned = alice.replace(/.@/, (end) => (end === "a@" ? "b@" : "a@"));

// On port 80 of loopback, where it could be had, and no other node has it.
const lookedFor = "http://autoconfig.bm.localhost/mail/config-v1.1.xml";
const served = spawnSync("curl", ["-s", "--max-time", "5", lookedFor], { encoding: "utf8" }).stdout ?? "";
const autoconfig = served.includes(`<port>${aliceNode.imap}</port>`) ? lookedFor : "";

/** A port that nobody listens on. */
function freePort() {
  return new Promise((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

const marionette = await freePort();
const scenario = spawn(
  process.execPath,
  [
    join(here, "thunderbird/scenario.mjs"),
    "--own-xvfb",
    ...["--host", "localhost", "--imap-port", aliceNode.imap, "--smtp-port", aliceNode.smtp],
    ...["--web-port", aliceNode.web, "--autoconfig", autoconfig],
    ...["--user", "alice", "--pass", password, "--email", alice],
    ...["--peer", bob, "--peer-imap-port", bobNode.imap, "--peer-smtp-port", bobNode.smtp],
    ...["--peer-user", "bob", "--peer-pass", password, "--others", others.join(",")],
    ...["--unknown", unknown, "--second", second],
    ...["--bridge", JSON.stringify([main, ...where("alice")])],
    ...[
      "--reject",
      turned,
      "--too-big",
      "400000",
      "--work",
      work,
      "--json",
      join(work, "steps.json"),
      "--display",
      values.display,
    ],
    ...["--only", values.only, "--skip", values.skip, "--record", values.record],
    ...["--mport", String(marionette)],
  ],
  { stdio: "inherit" },
);
const status = await new Promise((done) => scenario.once("exit", (code) => done(code ?? 1)));
for (const { child } of [aliceNode, bobNode]) child.kill("SIGTERM");
await Promise.all([aliceNode, bobNode].map(({ child }) => new Promise((done) => child.once("exit", done))));
console.log(`Screenshots: ${join(work, "shots")}`);
process.exit(status);
