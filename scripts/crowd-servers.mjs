// Thousands of connections that say nothing, on each port of one bridge in turn, with as many file descriptors as are wished: does the bridge
// live, does it spin, is an honest mail program served or told why not, and is all well when they are gone? Linux (reads /proc).
//   node scripts/build.mjs && node scripts/crowd-servers.mjs [--build dist] [--connections 10000] [--descriptors 256]
import { mkdtempSync, rmSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Bridge } from "./faults/bridge.mjs";
import { processorSeconds } from "./support/processes.mjs";

const { values } = parseArgs({
  options: {
    build: { type: "string", default: "dist" },
    connections: { type: "string", default: "10000" },
    descriptors: { type: "string" },
  },
});
const folder = mkdtempSync(join(tmpdir(), "bmbridge-crowd-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
const main = join(resolve(values.build), "src/main.js");
const shell = values.descriptors === undefined ? null : `ulimit -n ${values.descriptors}`;
const bridge = new Bridge(main, join(folder, "data"), { shell });
await bridge.setup("anna");
await bridge.start();

const ports = {
  imap: bridge.imapPort,
  smtp: bridge.smtpPort,
  web: bridge.webPort,
  node: Number(bridge.p2p.split(":").at(-1)),
  control: join(folder, "data", "control.sock"),
};

async function crowd(port) {
  const sockets = [];
  const counts = { connected: 0, closed: 0 };
  for (let number = 0; number < Number(values.connections); number++) {
    const socket = typeof port === "string" ? createConnection(port) : createConnection(port, "127.0.0.1");
    socket.on("connect", () => counts.connected++).on("close", () => counts.closed++);
    socket.on("error", () => {}).on("data", () => {});
    sockets.push(socket);
    if (number % 200 === 199) await pause(20);
  }
  await pause(1500);
  return { sockets, counts };
}

const inTime = (work) => Promise.race([work, pause(5000).then(() => "no answer")]);
const readMail = () =>
  inTime(
    bridge
      .imap()
      .then((client) => client.logout())
      .then(() => "served")
      .catch((error) => `refused: ${error.responseText ?? error.message}`),
  );

const readPage = () =>
  inTime(
    fetch(`http://127.0.0.1:${bridge.webPort}/`)
      .then(({ status }) => status)
      .catch((error) => `refused: ${error.cause?.code ?? error.message}`),
  );

let bad = 0;
for (const [name, port] of Object.entries(ports)) {
  const { sockets, counts } = await crowd(port);
  const before = processorSeconds(bridge.child.pid);
  await pause(2000);
  const spin = processorSeconds(bridge.child.pid) - before;
  const imap = await readMail();
  const { code } = await bridge.submit(bridge.address, `beside ${name}`);
  const page = await readPage();
  const seen = { ...counts };
  for (const socket of sockets) socket.destroy();
  await pause(1000);
  const after = bridge.isRunning
    ? [(await bridge.submit(bridge.address, `after ${name}`)).code, await readMail()]
    : [];
  console.log(
    JSON.stringify({
      port: name,
      ...seen,
      processorSeconds: Number(spin.toFixed(2)),
      imap,
      smtp: code,
      page,
      after,
    }),
  );
  if (!bridge.isRunning || spin > 1 || after[0] !== 250 || after[1] !== "served") bad++;
  if (!bridge.isRunning) break;
}
if (bridge.isRunning) await bridge.stop();
process.exit(bad === 0 ? 0 : 1);
