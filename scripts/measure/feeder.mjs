// A peer that announces objects and delivers what it is asked for, as fast as the node takes it.
import { randomBytes } from "node:crypto";
import { connect } from "node:net";

/** Milliseconds. */
const SILENCE = 60_000;

/** @param load imports a module of the built program by its path in src */
export async function createFeeder(load) {
  const { encodePacket, PacketReader } = await load("bitmessage/protocol/packet.js");
  const { encodeInv, decodeGetdata, splitInv } = await load("bitmessage/protocol/messages/inv.js");
  const { encodeVersion, PROTOCOL_VERSION, Services } = await load("bitmessage/protocol/messages/version.js");
  const { startTls } = await load("bitmessage/node/tls.js");

  function version(port, services) {
    const sender = { services, host: "127.0.0.1", port: 8444 };
    return encodeVersion({
      protocolVersion: PROTOCOL_VERSION,
      services,
      timestamp: BigInt(Math.floor(Date.now() / 1000)),
      receiver: { services: 1n, host: "127.0.0.1", port },
      sender,
      nonce: new Uint8Array(randomBytes(8)),
      userAgent: "/Measure:1/",
      streams: [1],
    });
  }

  /** Reads packets of a stream until `take` says that it is enough; resolves with what that returned. */
  function readUntil(socket, take) {
    return new Promise((resolve, reject) => {
      const reader = new PacketReader();
      const onData = (chunk) => {
        reader.push(chunk);
        for (let packet = reader.next(); packet !== null; packet = reader.next()) {
          const result = take(packet);
          if (result === undefined) continue;
          socket.off("data", onData);
          return resolve(result);
        }
        return undefined;
      };
      socket.on("data", onData);
      socket.once("error", reject);
      socket.once("close", () => reject(new Error("the node hung up")));
    });
  }

  async function handshake(socket, port, services) {
    const send = (command, payload = new Uint8Array(0)) => socket.write(encodePacket(command, payload));
    socket.once("connect", () => send("version", version(port, services)));
    let acknowledged = false;
    let peer = false;
    await readUntil(socket, ({ command }) => {
      if (command === "verack") acknowledged = true;
      if (command === "version") {
        peer = true;
        send("verack");
      }
      return (acknowledged && peer) || undefined;
    });
  }

  /**
   * Connects and delivers everything. Resolves when the node has answered a ping that follows the last object.
   * @param objects from inventory hash to bytes
   * @param transport "plain" or "tls"
   * @returns the open socket and the time at which the first objects were announced (performance.now)
   */
  async function feed(port, objects, transport) {
    const services = transport === "tls" ? Services.network | Services.tls : Services.network;
    const plain = connect({ host: "127.0.0.1", port, noDelay: true });
    await handshake(plain, port, services);
    const socket = transport === "tls" ? await secure(plain) : plain;
    const send = (command, payload = new Uint8Array(0)) => socket.write(encodePacket(command, payload));
    socket.setTimeout(SILENCE, () => socket.destroy(new Error("the node asks for nothing more")));
    const began = performance.now();
    for (const hashes of splitInv([...objects.keys()])) send("inv", encodeInv(hashes));
    let left = objects.size;
    await readUntil(socket, ({ command, payload }) => {
      if (command === "ping") send("pong");
      if (command === "pong") return true;
      if (command !== "getdata") return undefined;
      const wanted = decodeGetdata(payload);
      for (const hash of wanted) send("object", objects.get(hash));
      left -= wanted.length;
      if (left <= 0) send("ping");
      return undefined;
    });
    return { socket, began };
  }

  function secure(plain) {
    return new Promise((resolve, reject) => {
      plain.pause();
      const socket = startTls(plain, "client", () => resolve(socket));
      socket.once("error", reject);
    });
  }

  return feed;
}
