// Asks routers that are none (UPnP, NAT-PMP, hostile, silent) for a way in, and shows what the node makes of it. Runs in a network
// namespace of its own, so nothing leaves the machine. Linux, util-linux, iproute2.
//   node scripts/build.mjs && node scripts/check-port-mapping.mjs
import { spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { createServer } from "node:http";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const [HERE, ROUTER] = ["192.168.7.2", "192.168.7.1"];

if (process.argv[2] !== "--inside") {
  const commands = [
    "ip link set lo up",
    "ip link add home type veth peer name cable",
    `ip addr add ${HERE}/24 dev home`,
    "ip link set home up",
    "ip link set cable up",
    `ip route add default via ${ROUTER} dev home`,
    `ip addr add ${ROUTER}/32 dev lo`,
    `exec '${process.execPath}' '${fileURLToPath(import.meta.url)}' --inside`,
  ];
  const shell = ["--map-root-user", "--net", "sh", "-c", commands.join(" && ")];
  const { status, error } = spawnSync("unshare", shell, { stdio: "inherit" });
  if (error !== undefined) console.error("unshare is not there (util-linux): nothing was checked");
  process.exit(error === undefined ? (status ?? 2) : 2);
}

const root = resolve(process.env.DIST ?? "dist");
const load = (path) => import(pathToFileURL(join(root, path)).href);
const { startNode, stopNodes } = await load("test/support/node/nodes.js");
const { RawPeer, versionOf } = await load("test/support/node/raw-peer.js");
const { encodeVersion, decodeVersion } = await load("src/bitmessage/protocol/messages/version.js");
const { createPortMapper } = await load("src/app/network/port-mapper.js");
const { silentLogger } = await load("src/logger.js");

const SERVICE = "urn:schemas-upnp-org:service:WANIPConnection:1";
const DEVICE = "urn:schemas-upnp-org:device:InternetGatewayDevice:1";

/** A UPnP router. @param taken external ports that others have @param lies whether it answers with garbage @param endless whether the garbage never ends */
async function upnpRouter({ taken = [], lies = false, endless = false } = {}) {
  const actions = [];
  const web = createServer((request, response) => {
    if (endless) return pour(response);
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    return request.on("end", () => {
      response.setHeader("Content-Type", "text/xml");
      if (lies) return response.end(`<root>${"<a>".repeat(50_000)}`);
      if (request.method === "GET") return response.end(description());
      const action = /#(\w+)/.exec(request.headers.soapaction ?? "")?.[1];
      const port = Number(/<NewExternalPort>(\d+)</.exec(body)?.[1]);
      actions.push({ action, port, inside: Number(/<NewInternalPort>(\d+)</.exec(body)?.[1]) });
      if (action === "AddPortMapping" && taken.includes(port)) {
        response.statusCode = 500;
        return response.end(
          envelope("<s:Fault><detail><UPnPError><errorCode>718</errorCode></UPnPError></detail></s:Fault>"),
        );
      }
      return response.end(envelope(`<u:${action}Response xmlns:u="${SERVICE}"/>`));
    });
  });
  await new Promise((done) => web.listen(0, HERE, done));
  const location = `http://${HERE}:${web.address().port}/description.xml`;
  const ssdp = createSocket({ type: "udp4", reuseAddr: true });
  ssdp.on("message", (message, from) => {
    if (!String(message).startsWith("M-SEARCH")) return;
    const reply = `HTTP/1.1 200 OK\r\nST: ${DEVICE}\r\nUSN: uuid:1::${DEVICE}\r\nLOCATION: ${location}\r\n\r\n`;
    ssdp.send(reply, from.port, from.address);
  });
  await new Promise((done) => ssdp.bind(1900, "0.0.0.0", done));
  ssdp.addMembership("239.255.255.250", HERE);
  return {
    actions,
    close: () =>
      Promise.all([new Promise((done) => web.close(done)), new Promise((done) => ssdp.close(done))]),
  };
}

function pour(response) {
  const go = () => {
    while (!response.destroyed && response.write(Buffer.alloc(2 ** 20, "<a>")));
  };
  response.on("drain", go);
  go();
}

function envelope(content) {
  return `<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>${content}</s:Body></s:Envelope>`;
}

function description() {
  const service = `<service><serviceType>${SERVICE}</serviceType><SCPDURL>/s</SCPDURL><controlURL>/control</controlURL></service>`;
  return `<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0"><device><deviceType>${DEVICE}</deviceType><serviceList>${service}</serviceList></device></root>`;
}

/** A NAT-PMP router (RFC 6886). @param answer to a request, or null for the right one */
async function pmpRouter(answer = null) {
  const actions = [];
  const socket = createSocket("udp4");
  socket.on("message", (message, from) => {
    if (answer !== null) return socket.send(answer, from.port, from.address);
    const reply = Buffer.alloc(16);
    reply.writeUInt8(128 + message.readUInt8(1), 1);
    if (message.length >= 12) {
      const lifetime = message.readUInt32BE(8);
      actions.push({
        action: lifetime === 0 ? "delete" : "map",
        port: message.readUInt16BE(6),
        inside: message.readUInt16BE(4),
      });
      message.copy(reply, 8, 4, 8);
      reply.writeUInt32BE(lifetime, 12);
    }
    return socket.send(reply, from.port, from.address);
  });
  await new Promise((done) => socket.bind(5351, ROUTER, done));
  return { actions, close: () => new Promise((done) => socket.close(done)) };
}

/** What the node tells peers of its port once the router has been asked, and what it told its log. */
async function ask(makeRouter, { renewal = 3600, until = () => true } = {}) {
  const router = await makeRouter();
  const heard = [];
  let settle = () => {};
  const settled = new Promise((done) => {
    settle = done;
  });
  const note = (text, fields) => {
    if (!text.includes("router")) return;
    heard.push({ text, ...fields });
    settle();
  };
  const node = await startNode({
    listen: { host: HERE, port: 0 },
    portMapper: createPortMapper({ renewal }),
    logger: { ...silentLogger, info: note, warn: note },
  });
  await settled;
  while (!until(router.actions)) await new Promise((done) => setTimeout(done, 20));
  const peer = await RawPeer.connect(node, HERE);
  peer.send("version", encodeVersion(versionOf()));
  const told = decodeVersion((await peer.next("version")).payload).sender.port;
  const { port } = node;
  await stopNodes();
  peer.socket.destroy();
  await router.close();
  return { port, told, heard, actions: router.actions };
}

let failures = 0;
function check(name, isGood, result) {
  if (!isGood) failures += 1;
  console.log(`${isGood ? "good" : "BAD "} ${name}${isGood ? "" : ` ${JSON.stringify(result)}`}`);
}

const upnp = await ask(() => upnpRouter());
check(
  "UPnP: the port is opened, told, and given back",
  upnp.told === upnp.port &&
    upnp.actions.some(
      ({ action, port, inside }) => action === "AddPortMapping" && port === upnp.port && inside === upnp.port,
    ) &&
    upnp.actions.at(-1).action === "DeletePortMapping",
  upnp,
);
const pmp = await ask(() => pmpRouter());
check(
  "NAT-PMP: the port is opened, told, and given back",
  pmp.told === pmp.port && pmp.actions[0]?.action === "map" && pmp.actions.at(-1).action === "delete",
  pmp,
);
const adds = (actions) => actions.filter(({ action }) => action === "AddPortMapping" || action === "map");
const RENEWALS = 6;
for (const [name, makeRouter] of [
  ["UPnP", upnpRouter],
  ["NAT-PMP", pmpRouter],
]) {
  const began = performance.now();
  const until = (actions) => adds(actions).length > RENEWALS;
  const { actions } = await ask(makeRouter, { renewal: 2, until });
  const most = (performance.now() - began) / 2000 + 2;
  check(`${name}: the way is renewed, once each time`, adds(actions).length <= most, actions);
}
const hostile = await ask(() => pmpRouter(Buffer.alloc(1)));
check(
  "a NAT-PMP answer of one byte: a warning, and the node lives",
  hostile.heard[0]?.text.includes("does not let"),
  hostile,
);
const lying = await ask(() => upnpRouter({ lies: true }));
check("UPnP garbage: a warning, and the node lives", lying.heard[0]?.text.includes("does not let"), lying);
const memory = process.memoryUsage.rss();
const endless = await ask(() => upnpRouter({ endless: true }));
check(
  "a description without end: a warning, and little memory",
  endless.heard[0]?.text.includes("does not let") && process.memoryUsage.rss() - memory < 400 * 2 ** 20,
  { ...endless, megabytes: (process.memoryUsage.rss() - memory) / 2 ** 20 },
);
const none = await ask(async () => ({ actions: [], close: async () => {} }));
check(
  "no router at all: a warning, and our own port is told",
  none.told === none.port && none.heard[0]?.text.includes("does not let"),
  none,
);
process.exit(failures === 0 ? 0 : 1);
