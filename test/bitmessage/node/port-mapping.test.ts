import { afterEach, describe, expect, test } from "@jest/globals";
import type { NodeOptions } from "../../../src/bitmessage/node/node-options.js";
import type { PortMapper } from "../../../src/bitmessage/node/port-mapping.js";
import { decodeVersion, encodeVersion } from "../../../src/bitmessage/protocol/messages/version.js";
import { type Logger, silentLogger } from "../../../src/logger.js";
import { startNode, stopNodes, type TestNode, until } from "../../support/node/nodes.js";
import { RawPeer, versionOf } from "../../support/node/raw-peer.js";

afterEach(stopNodes);

class Router implements PortMapper {
  readonly opened: number[] = [];
  closed = 0;
  lose = () => {};

  constructor(readonly answers: (number | Error)[]) {}

  async open(port: number, onLost: () => void): Promise<number> {
    this.opened.push(port);
    this.lose = onLost;
    const answer = this.answers.shift() ?? new Error("no answer");
    if (answer instanceof Error) throw answer;
    return answer;
  }

  async close(): Promise<void> {
    this.closed += 1;
  }
}

async function portTold(node: TestNode, host = node.host): Promise<number> {
  const peer = await RawPeer.connect({ ...node, host });
  peer.send("version", encodeVersion(versionOf()));
  return decodeVersion((await peer.next("version")).payload).sender.port;
}

describe("a way in through the router", () => {
  test("is asked for where we listen, told to peers, and given back", async () => {
    const router = new Router([4711]);
    const node = await startNode({ portMapper: router });
    await until(() => router.opened.length === 1);
    expect(router.opened).toEqual([node.port]);
    expect(await portTold(node)).toBe(4711);
    await node.node.stop();
    expect(router.closed).toBe(1);
  });

  test("is asked for again where there is none; until then our own port is told", async () => {
    const router = new Router([new Error("silence"), new Error("silence"), 4712]);
    const warnings: unknown[] = [];
    const logger: Logger = { ...silentLogger, warn: (_, fields) => warnings.push(fields) };
    const node = await startNode({ portMapper: router, timings: { portMappingRetry: 0.3 }, logger });
    await until(() => warnings.length === 1);
    expect(warnings).toEqual([{ reason: "silence" }]);
    expect(await portTold(node)).toBe(node.port);
    await until(() => router.opened.length === 3);
    expect(await portTold(node)).toBe(4712);
  });

  test("is asked for again when it is lost; until then our own port is told", async () => {
    const router = new Router([4711, 4712]);
    const node = await startNode({ portMapper: router, timings: { portMappingRetry: 0.3 } });
    await until(() => router.opened.length === 1);
    expect(await portTold(node)).toBe(4711);
    router.lose();
    expect(await portTold(node)).toBe(node.port);
    await until(() => router.opened.length === 2);
    expect(await portTold(node)).toBe(4712);
  });

  test.each<[string, Partial<NodeOptions>]>([
    ["when nothing listens", { listen: null }],
    ["with a trusted peer", { trustedPeer: { host: "127.0.0.1", port: 9 } }],
    ["with a proxy", { proxy: { host: "127.0.0.1", port: 9, credentials: null } }],
    [
      "for an onion service",
      {
        listen: { host: "127.0.0.1", port: 0 },
        proxy: { host: "127.0.0.1", port: 9, credentials: null },
        onion: { host: `${"a".repeat(56)}.onion`, port: 1 },
      },
    ],
  ])("is not asked for %s", async (_, options) => {
    const router = new Router([4713]);
    const node = await startNode({ portMapper: router, ...options });
    await node.node.stop();
    expect(router.opened).toEqual([]);
  });
});
