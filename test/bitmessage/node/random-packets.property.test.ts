import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { concatBytes, fromHex } from "../../../src/bitmessage/protocol/bytes.js";
import { encodeVersion } from "../../../src/bitmessage/protocol/messages/version.js";
import { encodePacket } from "../../../src/bitmessage/protocol/packet.js";
import type { Logger } from "../../../src/logger.js";
import { startNode, stopNodes, type TestNode, until } from "../../support/node/nodes.js";
import { RawPeer, versionOf } from "../../support/node/raw-peer.js";

const errors: string[] = [];
const logger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error: (text, fields) => errors.push(`${text} ${JSON.stringify(fields)}`),
  child: () => logger,
};

let node: TestNode;
let witness: RawPeer;

beforeAll(async () => {
  node = await startNode({ tls: true, logger, timings: { handshakeSilence: 5 } });
  witness = await RawPeer.established(node);
});

afterAll(stopNodes);

const commands = [
  "version",
  "verack",
  "addr",
  "inv",
  "dinv",
  "getdata",
  "object",
  "ping",
  "pong",
  "error",
  "portcheck",
  "unknown",
];

/** Counts with entries that fit, that do not, and noise. */
const payload = fc.oneof(
  fc.uint8Array({ maxLength: 100 }),
  fc
    .tuple(fc.nat(5), fc.uint8Array({ maxLength: 160 }))
    .map(([count, rest]) => concatBytes(Uint8Array.of(count), rest)),
  fc.constant(encodeVersion(versionOf())),
  fc.constant(fromHex("ffffffffffffffffff")),
  fc.constant(new Uint8Array(0)),
);

const packet = fc
  .tuple(fc.constantFrom(...commands), payload)
  .map(([command, bytes]) => encodePacket(command, bytes));

const bytes = fc.oneof(
  { weight: 8, arbitrary: packet },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }) },
);

const stages: [string, (peer: RawPeer) => Promise<void>][] = [
  ["before version", async () => {}],
  [
    "between version and verack",
    async (peer) => {
      peer.send("version", encodeVersion(versionOf()));
      await peer.next("version");
    },
  ],
  [
    "where TLS should begin",
    async (peer) => {
      peer.send("version", encodeVersion(versionOf({ services: 3n })));
      await peer.next("version");
      peer.send("verack");
    },
  ],
  [
    "once established",
    async (peer) => {
      peer.send("version", encodeVersion(versionOf()));
      await peer.next("version");
      peer.send("verack");
    },
  ],
];

describe.each(stages)("random packets %s", (_, prepare) => {
  test("never crash the node, nor leave a connection behind", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(bytes, { minLength: 1, maxLength: 8 }), async (chunks) => {
        const peer = await RawPeer.connect(node);
        await prepare(peer);
        peer.sendBytes(concatBytes(...chunks));
        peer.socket.end();
        await peer.closed;
        await until(() => node.node.peers().length === 1, "the end of the connection");
      }),
      { numRuns: 100 },
    );
    witness.send("ping");
    await witness.next("pong");
    expect(errors).toEqual([]);
  });
});
