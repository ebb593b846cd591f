// The network is gone: a SOCKS proxy that is not there at the start, comes, goes for days (for both nodes days pass in a moment), and comes
// again; then clocks are set, with no time passing, and one is wrong. What was submitted meanwhile is answered 250, waits, and arrives once.
// Linux, libfaketime.
//   node scripts/build.mjs && node scripts/lose-network.mjs [--build dist] [--library /usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1]
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { Bridge, until } from "./faults/bridge.mjs";
import { freePort } from "./support/processes.mjs";

const { values } = parseArgs({
  options: {
    build: { type: "string", default: "dist" },
    library: { type: "string", default: "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1" },
  },
});
if (!existsSync(values.library)) {
  console.error("libfaketime is not installed (apt-get install faketime): nothing was tried");
  process.exit(2);
}
const root = resolve(values.build);
const { SocksServer } = await import(pathToFileURL(join(root, "test/support/node/socks-server.js")).href);
const main = join(root, "src/main.js");
const folder = mkdtempSync(join(tmpdir(), "bmbridge-network-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));

/** `pass`: time passes; `set`: only the clock that people set goes on by as much. */
const clockOf = (name, change) => ({
  LD_PRELOAD: values.library,
  FAKETIME_TIMESTAMP_FILE: join(folder, `${name}.clock`),
  FAKETIME_NO_CACHE: "1",
  ...(change === "set" ? { DONT_FAKE_MONOTONIC: "1" } : {}),
});
const setClocks = (days, names = ["victim", "other"]) => {
  for (const name of names)
    writeFileSync(
      join(folder, `${name}.clock`),
      `${days < 0 ? "-" : "+"}${Math.round(Math.abs(days) * 86_400)}\n`,
    );
};
setClocks(0);
const other = new Bridge(main, join(folder, "other"), { environment: clockOf("other", "pass") });
await other.setup("other");
await other.start();
const port = await freePort();
const victim = new Bridge(main, join(folder, "victim"), {
  environment: clockOf("victim", "pass"),
  settings: [`node.connect=${other.p2p}`, `node.proxy=socks5://127.0.0.1:${port}`, "node.listen=off"],
});
await victim.setup("victim");

let proxy = null;
async function connectNetwork() {
  // Leads nowhere but to the other node: a proxy that finds no names.
  proxy = new SocksServer();
  proxy.places.set(other.p2p, { host: "127.0.0.1", port: Number(other.p2p.split(":").at(-1)) });
  await proxy.listen("127.0.0.1", port);
}
async function loseNetwork() {
  await proxy.close();
  proxy = null;
}

/** What a clock that is set makes due is looked at within an hour, or with the next event. */
async function putRight() {
  setClocks(25 - 1 / 24);
  const subject = `mail ${number++}`;
  sent.push(subject);
  await victim.submit(other.address, subject);
}

const results = [];
let number = 0;
const sent = [];
/** Submits without a network, has something happen, brings the network back and waits for the mails. */
async function outage(name, happens, comesBack = connectNetwork) {
  const subjects = [0, 1, 2].map(() => `mail ${number++}`);
  const codes = [];
  for (const subject of subjects) codes.push((await victim.submit(other.address, subject)).code);
  sent.push(...subjects);
  await happens();
  const early = (await other.subjects("INBOX")).size;
  const began = performance.now();
  await comesBack();
  const came = await until(async () => {
    const there = await other.subjects("INBOX");
    return sent.every((subject) => there.has(subject));
  }, 400_000);
  const seconds = Math.round((performance.now() - began) / 1000);
  const running = victim.isRunning && other.isRunning;
  results.push({
    name,
    accepted: codes.filter((code) => code === 250).length,
    early,
    came,
    seconds,
    running,
  });
  console.log(JSON.stringify(results.at(-1)));
}

await victim.start();
await outage("no proxy at the start", () => pause(10_000));
await loseNetwork();
await outage("gone for half a minute", () => pause(30_000));
await loseNetwork();
await outage("gone for five days", async () => {
  await pause(5000);
  setClocks(5);
  await pause(10_000);
});
await loseNetwork();
await outage("gone for twenty more days: everything has expired", async () => {
  await pause(5000);
  setClocks(25);
  await pause(10_000);
});
await loseNetwork();
await victim.stop();
await other.stop();
victim.environment = clockOf("victim", "set");
other.environment = clockOf("other", "set");
other.settings = [`node.listen=${other.p2p}`];
await other.start();
await victim.start();
await outage("gone, and the clocks are set back by an hour", async () => {
  await pause(5000);
  setClocks(25 - 1 / 24);
  await pause(10_000);
});
await loseNetwork();
await outage("gone, and the node is started again meanwhile", async () => {
  await victim.stop();
  await victim.start();
  await pause(5000);
});
// Nobody talks to a node whose clock is a year off; it is told so, and all goes on when the clock is right.
setClocks(24 + 365, ["victim"]);
await loseNetwork();
await outage(
  "a clock that is a year ahead, and is put right",
  () => connectNetwork().then(() => pause(20_000)),
  putRight,
);
// By no more than `send.give_up_after`, or the message would be given up, and its sender told, an hour after the clock is right.
setClocks(25 - 10, ["victim"]);
await loseNetwork();
await outage(
  "a clock that is ten days behind, and is put right",
  () => connectNetwork().then(() => pause(20_000)),
  putRight,
);
const there = await other.subjects("INBOX");
const doubled = [...there].filter(([, count]) => count > 1).map(([subject]) => subject);
await victim.stop();
await other.stop();
await proxy.close();
const lost = sent.filter((subject) => !there.has(subject));
console.log(JSON.stringify({ mails: sent.length, lost, doubled }));
const good = results.every(({ accepted, came, running }) => accepted === 3 && came && running);
process.exit(good && lost.length + doubled.length === 0 ? 0 : 1);
