import { connect, createServer, type Socket } from "node:net";
import type { InventoryHash } from "../../../src/bitmessage/protocol/inventory-hash.js";
import { decodeInv } from "../../../src/bitmessage/protocol/messages/inv.js";
import { PacketReader } from "../../../src/bitmessage/protocol/packet.js";

/** One node tells another that it has an object. */
export interface Sighting {
  /** Milliseconds, when it arrives. */
  readonly time: number;
  readonly from: number;
  readonly to: number;
  readonly command: "inv" | "dinv";
  readonly hash: InventoryHash;
}

export interface LinkEnd {
  readonly index: number;
  readonly host: string;
  readonly port: number;
}

/** A line between two nodes that takes its time and can be listened to; the nodes see each other's address. */
export interface Link {
  /** Where the opening node finds the other. */
  readonly port: number;
  close(): Promise<void>;
}

/** @param options.latency seconds each way */
export function createLink(options: {
  readonly from: LinkEnd;
  readonly to: LinkEnd;
  readonly latency: number;
  onSighting(sighting: Sighting): void;
}): Promise<Link> {
  const { from, to, latency, onSighting } = options;
  const sockets = new Set<Socket>();
  const server = createServer((inner) => {
    const outer = connect({ host: to.host, port: to.port, localAddress: from.host });
    for (const socket of [inner, outer]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => {});
    }
    carry(inner, outer, latency, listener(from.index, to.index, onSighting));
    carry(outer, inner, latency, listener(to.index, from.index, onSighting));
  });

  function carry(source: Socket, target: Socket, seconds: number, hear: (chunk: Uint8Array) => void): void {
    source.on("data", (chunk: Buffer) => {
      setTimeout(() => {
        hear(chunk);
        if (!target.destroyed) target.write(chunk);
      }, seconds * 1000);
    });
    source.on("close", () => {
      sockets.delete(source);
      setTimeout(() => target.destroy(), seconds * 1000);
    });
  }

  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, to.host, () => {
      const address = server.address();
      resolve({
        port: typeof address === "object" && address !== null ? address.port : 0,
        close() {
          for (const socket of sockets) socket.destroy();
          return new Promise((closed) => server.close(() => closed()));
        },
      });
    });
  });
}

/** Reads along. */
function listener(
  from: number,
  to: number,
  onSighting: (sighting: Sighting) => void,
): (chunk: Uint8Array) => void {
  const reader = new PacketReader();
  return (chunk) => {
    reader.push(chunk);
    for (let packet = reader.next(); packet !== null; packet = reader.next()) {
      const { command } = packet;
      if (command !== "inv" && command !== "dinv") continue;
      const time = performance.now();
      for (const hash of decodeInv(packet.payload)) onSighting({ time, from, to, command, hash });
    }
  };
}
