import { networkInterfaces } from "node:os";
import { afterEach, describe, expect, test } from "@jest/globals";
import { startNode, stopNodes, untilPeers } from "../../support/node/nodes.js";
import { RawPeer } from "../../support/node/raw-peer.js";

afterEach(stopNodes);

const hasIPv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === "::1"),
);
const onIPv6 = hasIPv6 ? test : test.skip;

describe("a node that listens", () => {
  onIPv6("on [::] takes peers of both kinds, and knows each by its own address", async () => {
    const node = await startNode({ listen: { host: "::", port: 0 } });
    await RawPeer.established({ ...node, host: "127.0.0.1" });
    await RawPeer.established({ ...node, host: "::1" }, {}, "::1");
    await untilPeers(node, 2);
    const hosts = node.node.peers().map(({ address }) => address.replace(/:\d+$/, ""));
    expect(hosts[0]).toMatch(/^127\./);
    expect(hosts[1]).toBe("[::1]");
  });

  onIPv6("on [::1] takes no others", async () => {
    const node = await startNode({ listen: { host: "::1", port: 0 } });
    await expect(RawPeer.connect({ ...node, host: "127.0.0.1" })).rejects.toMatchObject({
      code: "ECONNREFUSED",
    });
  });

  onIPv6("connects to peers on IPv6", async () => {
    const other = await startNode({ listen: { host: "::1", port: 0 }, bindAddress: "::1" });
    const node = await startNode({
      listen: null,
      bindAddress: "::1",
      connect: [{ host: "::1", port: other.port }],
    });
    await untilPeers(node, 1);
  });

  test("on an address that another has says so, and can be stopped", async () => {
    const first = await startNode();
    await expect(startNode({ listen: { host: first.host, port: first.port } })).rejects.toMatchObject({
      code: "EADDRINUSE",
    });
  });
});
