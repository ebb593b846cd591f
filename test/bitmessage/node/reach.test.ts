import { expect, test } from "@jest/globals";
import type { NodeOptions } from "../../../src/bitmessage/node/node-options.js";
import { Reach } from "../../../src/bitmessage/node/reach.js";

const onion = { host: `${"a".repeat(56)}.onion`, port: 4711 };
const proxy = { host: "127.0.0.1", port: 9050, credentials: null };

function reach(options: Partial<NodeOptions>): Reach {
  return new Reach({ connect: [], streams: [1], allowPrivatePeers: false, ...options } as NodeOptions);
}

test("the port of our onion service is told to those who came by it, and to nobody who sees our address", () => {
  const both = reach({ onion });
  expect(both.advertisedPort(8444, "127.0.0.1")).toBe(4711);
  expect(both.advertisedPort(8444, "20.1.1.1")).toBe(8444);
  expect(reach({ onion, proxy }).advertisedPort(8444, "20.1.1.1")).toBe(4711);
  expect(reach({ onion, proxy }).advertisedPort(0, "20.1.1.1")).toBe(0);
});

test("neighbours are of the local network, unless that is the network of all peers", () => {
  expect(reach({}).isNeighbour("192.168.1.1")).toBe(true);
  expect(reach({}).isNeighbour("20.1.1.1")).toBe(false);
  expect(reach({ allowPrivatePeers: true }).isNeighbour("192.168.1.1")).toBe(false);
});
