import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { encodeAddresses, isAllowedHost, readAddresses } from "../../../src/bitmessage/node/addresses.js";
import { resolveEntrances } from "../../../src/bitmessage/node/bootstrap.js";
import { KnownNodes } from "../../../src/bitmessage/node/known-nodes.js";
import { shuffle } from "../../../src/bitmessage/node/shuffle.js";
import { cleanText, endpointText, normalHost } from "../../../src/bitmessage/node/text.js";
import { ProtocolError } from "../../../src/bitmessage/protocol/errors.js";
import { decodeAddr, encodeAddr } from "../../../src/bitmessage/protocol/messages/addr.js";
import { MemoryKnownNodes } from "../../support/node/memory.js";

const ENTRY = { time: 1000, stream: 1, services: 1n, host: "8.8.8.8", port: 8444 };

describe("addr packets", () => {
  test("a count that is too large is cut to what is there", () => {
    const payload = encodeAddr([ENTRY, ENTRY]);
    payload[0] = 5;
    expect(readAddresses(payload)).toEqual([ENTRY, ENTRY]);
  });

  test("random bytes are read, or refused with a ProtocolError", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          expect(readAddresses(bytes).length).toBeLessThanOrEqual(bytes.length / 38);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
      { numRuns: 200 },
    );
  });

  test("others are told of public nodes only, with plain services", () => {
    const store = new MemoryKnownNodes();
    const node = { stream: 1, services: 11n, lastSeen: 5399.5, rating: 0, self: false, port: 8444 };
    store.nodes = ["8.8.8.8", "127.0.0.5"].map((host) => ({ ...node, host }));
    const random = (length: number) => new Uint8Array(length);
    const nodes = new KnownNodes({ store, random, clock: () => 5400 });
    nodes.load();
    const told = (allowPrivatePeers: boolean) =>
      encodeAddresses(nodes, { streams: [1], allowPrivatePeers }).flatMap(decodeAddr);
    // The time to the half hour: others need not know when we were connected.
    expect(told(false)).toEqual([{ ...ENTRY, time: 3600 }]);
    expect(told(true)).toHaveLength(2);
    expect(isAllowedHost("0.0.0.0", { streams: [1], allowPrivatePeers: true })).toBe(false);
  });
});

describe("first nodes", () => {
  test("what the names stand for, with their ports", async () => {
    const nodes = await resolveEntrances(async (name) => {
      if (name.startsWith("bootstrap8080")) throw new Error("no such name");
      return ["9.9.9.9", "127.0.0.1", "2001:4860::1"];
    });
    expect(nodes).toEqual([
      { host: "9.9.9.9", port: 8444 },
      { host: "2001:4860::1", port: 8444 },
    ]);
  });
});

describe("small things", () => {
  test("a peer's text is made safe for the log", () => {
    expect(cleanText("a\r\n\x1b[31mb\u202e")).toBe("a???[31mb?");
    expect(cleanText("x".repeat(1000))).toHaveLength(200);
  });

  test("endpoints and hosts", () => {
    expect(endpointText({ host: "::1", port: 1 })).toBe("[::1]:1");
    expect(endpointText({ host: "1.2.3.4", port: 1 })).toBe("1.2.3.4:1");
    expect(normalHost("::ffff:1.2.3.4")).toBe("1.2.3.4");
    expect(normalHost("fe80::1%eth0")).toBe("fe80::1");
  });

  test("shuffling keeps every member and reaches every order", () => {
    const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
    const large = Array.from({ length: 40_000 }, (_, index) => index);
    expect(new Set(shuffle([...large], random)).size).toBe(40_000);
    const orders = new Set(Array.from({ length: 200 }, () => shuffle([1, 2, 3], random).join("")));
    expect(orders.size).toBe(6);
  });
});
