// Slow-loris on every port: one client in each state of each protocol sends an octet now and then, so that it is never silent, or reads
// as slowly; after how long is each cut off, and is an honest mail program served meanwhile? Takes as long as the longest limit.
//   node scripts/build.mjs && node scripts/slow-clients.mjs [--build dist] [--minutes 33] [--seconds 10]
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { Bridge, PASSWORD } from "./faults/bridge.mjs";

const { values } = parseArgs({
  options: {
    build: { type: "string", default: "dist" },
    minutes: { type: "string", default: "33" },
    seconds: { type: "string", default: "10" },
  },
});
const source = resolve(values.build, "src");
const load = (path) => import(pathToFileURL(join(source, path)).href);
const { encodePacket } = await load("bitmessage/protocol/packet.js");
const { encodeVersion } = await load("bitmessage/protocol/messages/version.js");
const folder = mkdtempSync(join(tmpdir(), "bmbridge-slow-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, "password"), `${PASSWORD}\n`, { mode: 0o600 });
const settings = ["api.listen=127.0.0.1:0", "metrics.listen=127.0.0.1:0", "api.username=anna"];
const bridge = new Bridge(join(source, "main.js"), join(folder, "data"), {
  settings: [...settings, `api.password_file=${join(folder, "password")}`],
});
await bridge.setup("anna");
const { ready } = await bridge.start();
const portOf = (text) => Number(text.slice(text.lastIndexOf(":") + 1));

const login = Buffer.from(`\0anna\0${PASSWORD}`).toString("base64");
const basic = `Authorization: Basic ${Buffer.from(`anna:${PASSWORD}`).toString("base64")}\r\n`;
const get = "GET / HTTP/1.1\r\nHost: localhost\r\n";
const post = (path, more = "") =>
  `POST ${path} HTTP/1.1\r\nHost: localhost\r\n${more}Content-Length: 900\r\n\r\n`;
const smtp = ["EHLO x\r\n", `AUTH PLAIN ${login}\r\n`];
const imap = [`a LOGIN anna "${PASSWORD}"\r\n`, "b SELECT INBOX\r\n"];
const host = { services: 1n, host: "127.0.0.1", port: 8444 };
const version = encodePacket(
  "version",
  encodeVersion({
    protocolVersion: 3,
    services: 1n,
    timestamp: BigInt(Math.floor(Date.now() / 1000)),
    receiver: host,
    sender: host,
    nonce: Buffer.from("slowslow"),
    userAgent: "/slow:1/",
    streams: [1],
  }),
);
const introduced = [version, encodePacket("verack", new Uint8Array(0))];
const object = encodePacket("object", new Uint8Array(200_000));

/** What is sent at once, each when the one before has been answered, and what then comes octet by octet. */
const STATES = {
  "smtp before a login": [bridge.smtpPort, smtp.slice(0, 1), "N"],
  "smtp in a login": [bridge.smtpPort, [smtp[0], "AUTH LOGIN\r\n"], "N"],
  "smtp in a command": [bridge.smtpPort, smtp, "N"],
  "smtp in DATA": [
    bridge.smtpPort,
    [...smtp, `MAIL FROM:<${bridge.address}>\r\n`, `RCPT TO:<${bridge.address}>\r\n`, "DATA\r\n"],
    "x",
  ],
  "imap before a login": [bridge.imapPort, [], "x"],
  "imap in a literal before a login": [bridge.imapPort, ["a LOGIN {50}\r\n"], "x"],
  "imap in a login": [bridge.imapPort, ["a AUTHENTICATE PLAIN\r\n"], "x"],
  "imap in a command": [bridge.imapPort, imap, "x"],
  "imap in a literal": [bridge.imapPort, [...imap, "c APPEND INBOX {90000}\r\n"], "x"],
  "imap in IDLE": [bridge.imapPort, [...imap, "c IDLE\r\n"], "x"],
  "web in a header": [bridge.webPort, [], `${get}X: ${"x".repeat(9000)}`],
  "web in a body": [
    bridge.webPort,
    [post("/login", "Content-Type: application/x-www-form-urlencoded\r\n")],
    "x",
  ],
  "web between requests": [bridge.webPort, [`${get}\r\n`], " "],
  "CardDAV in a body": [
    bridge.webPort,
    [post("/dav/addressbooks/anna/contacts/x.vcf", basic).replace("POST", "PUT")],
    "x",
  ],
  "API in a header": [portOf(ready.api), [], `${get}X: ${"x".repeat(9000)}`],
  "API in a body": [portOf(ready.api), [post("/", basic)], "x"],
  "metrics in a header": [portOf(ready.metrics), [], `${get}X: ${"x".repeat(9000)}`],
  "node before version": [portOf(bridge.p2p), [], version.subarray(0, 20)],
  "node in version": [portOf(bridge.p2p), [], version],
  "node in an object": [portOf(bridge.p2p), introduced, object],
  "control socket": [join(folder, "data", "control.sock"), [], "x"],
};
/** Here the server has spoken before the client does. */
const GREETS = /^(smtp|imap)/;

const began = performance.now();
const seconds = () => (performance.now() - began) / 1000;

/** Resolves with the seconds until the server closed; null when it did not in time. */
async function trickle(name, [port, first, rest]) {
  const socket = typeof port === "string" ? createConnection(port) : createConnection(port, "127.0.0.1");
  let heard = () => {};
  let last = "";
  socket.on("error", () => {});
  socket.on("data", (chunk) => {
    last = chunk
      .toString("latin1")
      .trimEnd()
      .split("\r\n")
      .at(-1)
      .replace(/[^ -~]/g, "")
      .slice(0, 60);
    heard();
  });
  const answer = () =>
    new Promise((done) => {
      heard = done;
      setTimeout(done, 2000);
    });
  const closed = new Promise((done) => socket.once("close", () => done(seconds())));
  if (GREETS.test(name)) await answer();
  for (const text of first) {
    const heardSo = answer();
    socket.write(text);
    await heardSo;
  }
  const start = seconds();
  let at = 0;
  const timer = setInterval(() => {
    const octet = typeof rest === "string" ? rest[Math.min(at++, rest.length - 1)] : rest.subarray(at, ++at);
    if (!socket.destroyed && octet.length > 0) socket.write(octet);
  }, Number(values.seconds) * 1000);
  const end = await Promise.race([closed, over]);
  clearInterval(timer);
  socket.destroy();
  const result = end === null ? { cut: null } : { cut: Math.round(end - start), last };
  console.log(JSON.stringify({ state: name, ...result }));
  return { name, ...result };
}

/** Many answers are asked for and read at a crawl. */
async function readSlowly(name, port, ask) {
  const socket = createConnection(port, "127.0.0.1");
  socket.on("error", () => {});
  const closed = new Promise((done) => socket.once("close", () => done(seconds())));
  socket.pause();
  for (const text of ask) socket.write(text);
  const timer = setInterval(() => {
    socket.read(1);
    // Who neither reads nor writes does not see that it is over.
    socket.write(" ");
  }, Number(values.seconds) * 1000);
  const end = await Promise.race([closed, over]);
  clearInterval(timer);
  socket.destroy();
  console.log(JSON.stringify({ state: name, cut: end === null ? null : Math.round(end) }));
  return { name, cut: end === null ? null : Math.round(end) };
}

const over = pause(Number(values.minutes) * 60_000, null, { ref: false });
const keepsRunning = setInterval(() => {}, 1000);
const outcomes = await Promise.all([
  ...Object.entries(STATES).map(([name, state]) => trickle(name, state)),
  readSlowly("web, reading slowly", bridge.webPort, [`${get}\r\n`.repeat(20_000)]),
  readSlowly("imap, reading slowly", bridge.imapPort, [imap[0], "b CAPABILITY\r\n".repeat(200_000)]),
  served(),
]);
clearInterval(keepsRunning);

/** An honest mail program beside all of them. */
async function served() {
  await pause(8000);
  const client = await bridge.imap();
  await client.logout();
  const { code } = await bridge.submit(bridge.address, "beside them");
  console.log(JSON.stringify({ state: "an honest mail program", smtp: code, imap: "served" }));
  return { name: "honest", cut: code === 250 ? 0 : null };
}

await bridge.stop();
// Whoever may open the control socket is its owner.
const held = outcomes.filter(({ name, cut }) => cut === null && name !== "control socket");
process.exit(held.length === 0 ? 0 : 1);
