/** Too much of what is allowed. The node must stay of use to the others, within bounds. */
import { afterEach, describe, expect, test } from "@jest/globals";
import { concatBytes, fromHex } from "../../../../src/bitmessage/protocol/bytes.js";
import { type InventoryHash, inventoryHash } from "../../../../src/bitmessage/protocol/inventory-hash.js";
import { encodeAddr } from "../../../../src/bitmessage/protocol/messages/addr.js";
import { decodeGetdata, encodeInv } from "../../../../src/bitmessage/protocol/messages/inv.js";
import { encodePacket } from "../../../../src/bitmessage/protocol/packet.js";
import { expectUnharmed, underAttack } from "../../../support/node/attack.js";
import { MemoryInventory } from "../../../support/node/memory.js";
import { nextAddress, stopNodes, until } from "../../../support/node/nodes.js";
import { makeObject, makeObjects, objectWithoutWork } from "../../../support/node/objects.js";
import { RawPeer } from "../../../support/node/raw-peer.js";

afterEach(stopNodes);

const NOW = () => Math.floor(Date.now() / 1000);

function hashes(count: number, label = 0): InventoryHash[] {
  return Array.from(
    { length: count },
    (_, index) =>
      `${label.toString(16).padStart(8, "0")}${index.toString(16).padStart(56, "0")}` as InventoryHash,
  );
}

describe("announcements of nothing", () => {
  test("inv after inv of 50,000: 1000 are asked for, once, and the memory for them is bounded", async () => {
    const { node, honest } = await underAttack();
    const attacker = await RawPeer.established(node);
    for (let packet = 0; packet < 5; packet++) attacker.send("inv", encodeInv(hashes(50_000, packet)));
    attacker.send("ping");
    await attacker.next("pong");
    expect(attacker.commands().filter((command) => command === "getdata")).toHaveLength(1);
    expect(node.node.statistics().objectsPending).toBe(1000);
    await expectUnharmed(node, honest);
  });

  test("a peer that announces what others have does not keep it from us", async () => {
    const { node, honest } = await underAttack({ timings: { earlyRetry: 0.05, requestRetry: 0.05 } });
    const attacker = await RawPeer.established(node);
    const [object] = makeObjects(1, "withheld");
    const vector = encodeInv([inventoryHash(object!)]);
    attacker.send("inv", vector);
    await attacker.next("getdata");
    honest.send("inv", vector);
    expect(decodeGetdata((await honest.next("getdata")).payload)).toEqual([inventoryHash(object!)]);
    honest.send("object", object!);
    await until(() => node.inventory.objects.size === 1);
    await expectUnharmed(node, honest);
  });

  test.each(["inv", "dinv"])("the same %s a thousand times is asked for once", async (command) => {
    const { node, honest } = await underAttack();
    const attacker = await RawPeer.established(node);
    const packet = encodePacket(command, encodeInv(hashes(1)));
    attacker.sendBytes(concatBytes(...Array.from({ length: 1000 }, () => packet)));
    attacker.send("ping");
    await attacker.next("pong");
    expect(attacker.commands().filter((received) => received === "getdata").length).toBeLessThanOrEqual(1);
    await expectUnharmed(node, honest);
  });

  test("an empty inv, getdata and dinv, a thousand times", async () => {
    const { node, honest } = await underAttack();
    const attacker = await RawPeer.established(node);
    for (const command of ["inv", "getdata", "dinv"]) {
      const packet = encodePacket(command, fromHex("00"));
      attacker.sendBytes(concatBytes(...Array.from({ length: 1000 }, () => packet)));
    }
    await expectUnharmed(node, honest);
  });
});

describe("requests", () => {
  test("getdata for 250,000 objects that nobody has", async () => {
    const { node, honest } = await underAttack();
    const attacker = await RawPeer.established(node);
    for (let packet = 0; packet < 5; packet++) attacker.send("getdata", encodeInv(hashes(50_000, packet)));
    await expectUnharmed(node, honest);
  });

  test("the same object asked for 50,000 times in one packet is sent once", async () => {
    const { node, honest } = await underAttack();
    const [hash] = node.inventory.publish(makeObjects(1, "wanted"));
    const attacker = await RawPeer.established(node);
    attacker.send("getdata", encodeInv(Array.from({ length: 50_000 }, () => hash!)));
    await attacker.next("object");
    attacker.send("ping");
    await attacker.next("pong");
    expect(attacker.commands()).not.toContain("object");
    await expectUnharmed(node, honest);
  });

  test("asking for much and reading nothing: little is held for the peer, and then it is cut off", async () => {
    const { node, honest } = await underAttack({ timings: { writeStall: 0.2 } });
    const large = Array.from({ length: 40 }, (_, index) =>
      objectWithoutWork({ expires: NOW() + 600, payload: new Uint8Array(250_000).fill(index) }),
    );
    const known = node.inventory.publish(large);
    const attacker = await RawPeer.established(node);
    attacker.socket.pause();
    attacker.send("getdata", encodeInv(known));
    await until(() => node.node.peers().length === 1);
    expect(node.node.statistics().objectsSent).toBeLessThan(40);
    await expectUnharmed(node, honest);
  });

  test("ten thousand pings are answered, and others meanwhile", async () => {
    const { node, honest } = await underAttack();
    const attacker = await RawPeer.established(node);
    attacker.sendBytes(
      concatBytes(...Array.from({ length: 10_000 }, () => encodePacket("ping", new Uint8Array(0)))),
    );
    await expectUnharmed(node, honest);
  });

  test("unknown commands and portchecks without end", async () => {
    const { node, honest } = await underAttack();
    const attacker = await RawPeer.established(node);
    for (const command of ["portcheck", "nonsense", "pong"]) {
      attacker.sendBytes(
        concatBytes(...Array.from({ length: 3000 }, () => encodePacket(command, new Uint8Array(8)))),
      );
    }
    await expectUnharmed(node, honest);
  });
});

describe("objects", () => {
  const bad: [string, () => Uint8Array, "ignored" | "hung up on"][] = [
    [
      "expired two hours ago",
      () => makeObject({ expires: NOW() - 7200, payload: Uint8Array.of(1) }),
      "ignored",
    ],
    [
      "expiring in a month and a half",
      () => makeObject({ expires: NOW() + 3_900_000, payload: Uint8Array.of(2) }),
      "ignored",
    ],
    ["expiring at the end of time", () => withExpiry("ffffffffffffffff"), "hung up on"],
    [
      "of another stream",
      () => makeObject({ expires: NOW() + 600, stream: 2, payload: Uint8Array.of(3) }),
      "ignored",
    ],
    [
      "of stream 0",
      () => makeObject({ expires: NOW() + 600, stream: 0, payload: Uint8Array.of(4) }),
      "ignored",
    ],
    ["without a header", () => new Uint8Array(10), "hung up on"],
    [
      "over 2^18 bytes",
      () => objectWithoutWork({ expires: NOW() + 600, payload: new Uint8Array(262_145) }),
      "hung up on",
    ],
  ];

  function withExpiry(hex: string): Uint8Array {
    const object = objectWithoutWork({ expires: NOW() + 600, payload: new Uint8Array(100) });
    object.set(fromHex(hex), 8);
    return object;
  }

  test.each(bad)("%s: not kept, and the peer is %3$s", async (_, make, fate) => {
    const { node, honest } = await underAttack();
    const attacker = await RawPeer.established(node);
    const object = make();
    for (let time = 0; time < 6; time++) attacker.send("object", object);
    if (fate === "ignored") {
      attacker.send("ping");
      await attacker.next("pong");
    } else await attacker.closed;
    expect(node.inventory.objects.size).toBe(0);
    await expectUnharmed(node, honest);
  });

  test("without work, at cost of ours: after five the peer is hung up on", async () => {
    const { node, honest: bystander } = await underAttack({
      minimum: { trialsPerByte: 1_000_000n, extraBytes: 1000n },
    });
    const attacker = await RawPeer.established(node);
    for (const object of makeObjects(20, "worthless")) attacker.send("object", object);
    await attacker.closed;
    expect(node.inventory.objects.size).toBe(0);
    bystander.send("ping");
    await bystander.next("pong");
  });

  test("the same one a thousand times is kept once and costs nobody else anything", async () => {
    const { node, honest } = await underAttack();
    const attacker = await RawPeer.established(node);
    const packet = encodePacket("object", makeObjects(1, "again")[0]!);
    attacker.sendBytes(concatBytes(...Array.from({ length: 1000 }, () => packet)));
    await expectUnharmed(node, honest);
    expect(node.inventory.objects.size).toBe(2);
  });

  test("of a kind that is malformed inside are relayed like all, and harm nobody", async () => {
    const { node, honest } = await underAttack();
    const attacker = await RawPeer.established(node);
    for (const type of [0, 1, 2, 3, 0x746f72, 0x493250]) {
      for (const payload of [new Uint8Array(0), fromHex("ff"), new Uint8Array(400).fill(255)]) {
        attacker.send("object", makeObject({ expires: NOW() + 600, type, payload }));
      }
    }
    await until(() => node.inventory.objects.size === 18);
    await expectUnharmed(node, honest);
  });

  test("half of one, and then silence, ends in silence's end", async () => {
    const { node, honest } = await underAttack({ timings: { closeAfter: 0.4 } });
    const chatter = setInterval(() => honest.send("pong"), 50);
    const attacker = await RawPeer.established(node);
    attacker.sendBytes(encodePacket("object", makeObjects(1, "half")[0]!).subarray(0, 40));
    await attacker.closed;
    clearInterval(chatter);
    await expectUnharmed(node, honest);
  });

  test("one byte at a time, for ever, is silence as well", async () => {
    const { node, honest } = await underAttack({ timings: { closeAfter: 0.4 } });
    const chatter = setInterval(() => honest.send("pong"), 50);
    const attacker = await RawPeer.established(node);
    const packet = encodePacket("object", makeObjects(1, "drop by drop")[0]!);
    let sent = 0;
    const trickle = setInterval(() => attacker.sendBytes(packet.subarray(sent, ++sent)), 20);
    await attacker.closed;
    clearInterval(trickle);
    clearInterval(chatter);
    expect(sent).toBeLessThan(packet.length);
    await expectUnharmed(node, honest);
  });

  test("that cannot be stored are asked for again later, and not at once", async () => {
    class FullDisk extends MemoryInventory {
      isFull = true;

      override add(objects: Parameters<MemoryInventory["add"]>[0]) {
        if (this.isFull && objects.length > 0) throw new Error("SQLITE_FULL");
        return super.add(objects);
      }
    }
    const inventory = new FullDisk();
    const { node, honest } = await underAttack({ inventory, timings: { storePause: 0.2 } });
    const [object] = makeObjects(1, "no room");
    honest.send("inv", encodeInv([inventoryHash(object!)]));
    await honest.next("getdata");
    honest.send("object", object!);
    honest.send("ping");
    await honest.next("pong");
    expect(honest.commands()).not.toContain("getdata");
    inventory.isFull = false;
    expect(decodeGetdata((await honest.next("getdata")).payload)).toEqual([inventoryHash(object!)]);
    honest.send("object", object!);
    await until(() => inventory.objects.size === 1);
    await expectUnharmed({ ...node, inventory }, honest);
  });
});

describe("addresses", () => {
  const entry = (host: string, port = 8444, time = NOW() - 60) => ({
    time,
    stream: 1,
    services: 1n,
    host,
    port,
  });

  test("thousands from one peer: no more than its budget is learned", async () => {
    const { node, honest } = await underAttack({ allowPrivatePeers: false, maxOutbound: 0 });
    const attacker = await RawPeer.established(node);
    for (let packet = 0; packet < 20; packet++) {
      attacker.send(
        "addr",
        encodeAddr(
          Array.from({ length: 1000 }, (_, index) => entry(`${20 + packet}.${index >> 2}.1.${index & 3}`)),
        ),
      );
    }
    attacker.send("ping");
    await attacker.next("pong");
    expect(node.node.statistics().knownNodes).toBeLessThanOrEqual(1001);
    await expectUnharmed(node, honest);
  });

  test("a thousand again and again from one that comes again: no more than its budget is learned", async () => {
    const { node, honest } = await underAttack({ allowPrivatePeers: false, maxOutbound: 0 });
    const host = nextAddress();
    for (let time = 0; time < 5; time++) {
      const attacker = await RawPeer.established(node, {}, host);
      attacker.send(
        "addr",
        encodeAddr(
          Array.from({ length: 1000 }, (_, index) => entry(`${20 + time}.${index >> 2}.1.${index & 3}`)),
        ),
      );
      attacker.send("ping");
      await attacker.next("pong");
      attacker.socket.destroy();
    }
    expect(node.node.statistics().knownNodes).toBeLessThanOrEqual(1001);
    await expectUnharmed(node, honest);
  });

  test("a thousand of one network: 64 are learned", async () => {
    const { node, honest } = await underAttack({ allowPrivatePeers: false, maxOutbound: 0 });
    const attacker = await RawPeer.established(node);
    attacker.send(
      "addr",
      encodeAddr(Array.from({ length: 1000 }, (_, index) => entry(`20.1.${index >> 8}.${index & 255}`))),
    );
    attacker.send("ping");
    await attacker.next("pong");
    expect(node.node.statistics().knownNodes).toBe(64);
    await expectUnharmed(node, honest);
  });

  test.each([
    [
      "of local networks",
      [entry("10.0.0.1"), entry("192.168.1.1"), entry("127.0.0.1"), entry("169.254.0.1")],
    ],
    [
      "that are none",
      [entry("0.0.0.0"), entry("224.0.0.1"), entry("255.255.255.255"), entry("::"), entry("ff02::1")],
    ],
    [
      "from the future, the past and without a port",
      [entry("20.1.1.1", 1, NOW() + 9999), entry("20.1.1.2", 1, 0), entry("20.1.1.3", 0)],
    ],
  ])("%s are not learned", async (_, entries) => {
    const { node, honest } = await underAttack({ allowPrivatePeers: false, maxOutbound: 0 });
    const attacker = await RawPeer.established(node);
    attacker.send("addr", encodeAddr(entries));
    attacker.send("ping");
    await attacker.next("pong");
    expect(node.node.statistics().knownNodes).toBe(0);
    await expectUnharmed(node, honest);
  });
});
