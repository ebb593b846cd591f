import { connect, type Socket } from "node:net";
import { encodeVersion, type VersionPacket } from "../../../src/bitmessage/protocol/messages/version.js";
import { encodePacket, type Packet, PacketReader } from "../../../src/bitmessage/protocol/packet.js";
import { nextAddress, type TestNode } from "./nodes.js";

const EMPTY = new Uint8Array(0);

/** A proper version of a peer that does as it should; `changes` make it improper. */
export function versionOf(changes: Partial<VersionPacket> = {}): VersionPacket {
  return {
    protocolVersion: 3,
    services: 1n,
    timestamp: BigInt(Math.floor(Date.now() / 1000)),
    receiver: { services: 1n, host: "127.0.0.1", port: 8444 },
    sender: { services: 1n, host: "127.0.0.1", port: 8444 },
    nonce: Uint8Array.from({ length: 8 }, () => Math.floor(Math.random() * 256)),
    userAgent: "/Raw:1/",
    streams: [1],
    ...changes,
  };
}

/** A peer of which the test says every byte. */
export class RawPeer {
  readonly socket: Socket;
  readonly received: Packet[] = [];
  readonly closed: Promise<void>;
  isClosed = false;
  readonly #reader = new PacketReader();
  readonly #waiting = new Set<() => void>();

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk) => this.#read(chunk));
    socket.on("error", () => {});
    this.closed = new Promise((resolve) => {
      socket.once("close", () => {
        this.isClosed = true;
        resolve();
        this.#wake();
      });
    });
  }

  static async connect(target: TestNode, localAddress = nextAddress()): Promise<RawPeer> {
    const socket = connect({ host: target.host, port: target.port, localAddress });
    await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    return new RawPeer(socket);
  }

  /** Connected and through the handshake. */
  static async established(
    target: TestNode,
    changes: Partial<VersionPacket> = {},
    localAddress = nextAddress(),
  ): Promise<RawPeer> {
    const peer = await RawPeer.connect(target, localAddress);
    peer.send("version", encodeVersion(versionOf(changes)));
    await peer.next("version");
    peer.send("verack");
    peer.send("ping");
    await peer.next("pong");
    return peer;
  }

  send(command: string, payload: Uint8Array = EMPTY): void {
    this.sendBytes(encodePacket(command, payload));
  }

  sendBytes(bytes: Uint8Array): void {
    if (!this.socket.destroyed) this.socket.write(bytes);
  }

  commands(): string[] {
    return this.received.map(({ command }) => command);
  }

  /** The next packet of that command, which is taken out of `received`. Rejects when the node hangs up instead. */
  async next(command: string): Promise<Packet> {
    for (;;) {
      const index = this.received.findIndex((packet) => packet.command === command);
      if (index >= 0) return this.received.splice(index, 1)[0]!;
      if (this.isClosed) throw new Error(`closed before ${command} came`);
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  #read(chunk: Uint8Array): void {
    this.#reader.push(chunk);
    try {
      for (let packet = this.#reader.next(); packet !== null; packet = this.#reader.next()) {
        this.received.push(packet);
      }
    } catch {
      // What comes after the handshake may be TLS, which this peer does not speak.
      this.socket.removeAllListeners("data").resume();
    }
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
