/** Peers that send what nobody has asked for. They are listened to less, and nobody else notices. */
import { afterEach, describe, expect, test } from "@jest/globals";
import { ALLOWANCES } from "../../../../src/bitmessage/node/budgets.js";
import type { Connection } from "../../../../src/bitmessage/node/connection.js";
import { Peer } from "../../../../src/bitmessage/node/peer.js";
import { concatBytes } from "../../../../src/bitmessage/protocol/bytes.js";
import { inventoryHash } from "../../../../src/bitmessage/protocol/inventory-hash.js";
import { decodeError } from "../../../../src/bitmessage/protocol/messages/error.js";
import { decodeGetdata, encodeInv } from "../../../../src/bitmessage/protocol/messages/inv.js";
import { encodePacket } from "../../../../src/bitmessage/protocol/packet.js";
import type { Logger } from "../../../../src/logger.js";
import { silentLogger } from "../../../../src/logger.js";
import { expectUnharmed, underAttack } from "../../../support/node/attack.js";
import { stopNodes, until } from "../../../support/node/nodes.js";
import { makeObjects, objectWithoutWork } from "../../../support/node/objects.js";
import { RawPeer } from "../../../support/node/raw-peer.js";

afterEach(stopNodes);

/** A logger that counts how often a peer was held back. */
function counting(): { logger: Logger; held: () => number } {
  let held = 0;
  const logger: Logger = {
    ...silentLogger,
    debug: (message) => {
      if (message === "peer over its budget") held += 1;
    },
  };
  return { logger, held: () => held };
}

describe("budgets", () => {
  test("objects that nobody asked for: a burst is taken, the rest has to wait", async () => {
    const { logger, held } = counting();
    const { node, honest } = await underAttack({ logger });
    const attacker = await RawPeer.established(node);
    const { burst } = ALLOWANCES.objects;
    for (const object of makeObjects(burst + 1500, "pushed")) attacker.send("object", object);
    await until(() => node.inventory.objects.size > burst);
    await expectUnharmed(node, honest);
    expect(node.inventory.objects.size).toBeLessThan(burst + 200);
    expect(held()).toBeGreaterThan(0);
    expect(attacker.isClosed).toBe(false);
  });

  test("thirty thousand pings: a burst is answered, and others are served meanwhile", async () => {
    const { node, honest } = await underAttack();
    const attacker = await RawPeer.established(node);
    const ping = encodePacket("ping", new Uint8Array(0));
    attacker.sendBytes(concatBytes(...Array.from({ length: 30_000 }, () => ping)));
    await until(() => attacker.received.length >= ALLOWANCES.packets.burst);
    await expectUnharmed(node, honest);
    expect(attacker.received.length).toBeLessThan(ALLOWANCES.packets.burst + 1000);
  });

  test("a hundred megabytes of packets: a third is read, then a little", async () => {
    const { logger, held } = counting();
    const { node, honest } = await underAttack({ logger });
    const attacker = await RawPeer.established(node);
    const packet = encodePacket("portcheck", new Uint8Array(65_000));
    let sent = 0;
    const feed = () => {
      while (sent < 100_000_000 && attacker.socket.writable) {
        sent += packet.length;
        if (!attacker.socket.write(packet)) return;
      }
    };
    attacker.socket.on("drain", feed);
    feed();
    await until(() => held() > 0);
    await expectUnharmed(node, honest);
    expect(node.node.statistics().bytesReceived).toBeLessThan(ALLOWANCES.bytes.burst + 1_000_000);
  });

  test("twenty thousand objects that were asked for are not waited for", async () => {
    const { logger, held } = counting();
    const { node, honest } = await underAttack({ logger });
    const objects = makeObjects(20_000, "wanted");
    const byHash = new Map(objects.map((object) => [inventoryHash(object), object]));
    const peer = await RawPeer.established(node);
    peer.send("inv", encodeInv([...byHash.keys()]));
    while (node.inventory.objects.size < objects.length) {
      const asked = await Promise.race([
        peer.next("getdata"),
        until(() => node.inventory.objects.size === objects.length).then(() => null),
      ]);
      if (asked === null) break;
      for (const hash of decodeGetdata(asked.payload)) peer.send("object", byHash.get(hash)!);
    }
    expect(held()).toBe(0);
    await expectUnharmed(node, honest);
  }, 120_000);

  test("who does nothing else for minutes is told so and hung up on", () => {
    const reasons: string[] = [];
    const connection = { blame: (reason: string) => reasons.push(reason) } as unknown as Connection;
    const peer = new Peer(connection, 0);
    let now = 0;
    while (reasons.length === 0 && now < 3600) {
      peer.spend("objects", 100);
      now += Math.max(0.1, peer.overdraft(now));
    }
    expect(reasons).toEqual(["flood"]);
    expect(now).toBeLessThan(900);
  });
});

test("a peer that is hung up on hears why", async () => {
  const { node, honest } = await underAttack({ minimum: { trialsPerByte: 1_000_000n, extraBytes: 1000n } });
  const attacker = await RawPeer.established(node);
  const expires = Math.floor(Date.now() / 1000) + 600;
  for (let number = 0; number < 5; number++) {
    attacker.send("object", objectWithoutWork({ expires, payload: Uint8Array.of(number) }));
  }
  const { severity, text } = decodeError((await attacker.next("error")).payload);
  expect({ severity, text }).toEqual({
    severity: 2,
    text: "You break the rules (insufficient_pow). Closing connection.",
  });
  await attacker.closed;
  honest.send("ping");
  await honest.next("pong");
});
